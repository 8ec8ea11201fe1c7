"""How the dashboard's files are documented."""

from typing import Final

from fincore.http.openapi import Content, Operation, path_parameter
from fincore.staff.dashboard.body import ConfigurationBody

GET_CONFIGURATION: Final = Operation(
    operation_id="get_dashboard_configuration",
    summary="Get the dashboard's configuration",
    description="For browsers, without a login: the issuer, and the dashboard's id there.",
    tag="Dashboard",
    is_authenticated=False,
    responses={200: Content(shape=ConfigurationBody, description="The configuration.")},
)
GET_PAGE: Final = Operation(
    operation_id="get_dashboard",
    summary="Get the dashboard",
    description="For browsers, without a login: the page that shows every screen.",
    tag="Dashboard",
    is_authenticated=False,
    responses={200: Content(shape={"type": "string"}, media_type="text/html", description="The page.")},
)
GET_ASSET: Final = Operation(
    operation_id="get_dashboard_file",
    summary="Get a file of the dashboard",
    description="For browsers, without a login. A file never changes at its address.",
    tag="Dashboard",
    is_authenticated=False,
    parameters=(path_parameter("file", "The file, as the page names it.", example="mark.svg"),),
    responses={
        200: Content(
            shape={"type": "string"},
            media_type="text/javascript",
            description="The file.",
            headers=("Cache-Control", "ETag"),
        ),
        304: Content(shape=None, description="The browser has the file."),
    },
    problems=("route_not_found",),
)
