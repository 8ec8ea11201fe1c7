"""How /js/... is documented."""

from typing import Final

from fincore.http.openapi import Content, Operation, path_parameter

GET_SCRIPT: Final = Operation(
    operation_id="get_script",
    summary="Get a file of fincore.js",
    description="For browsers, without a key: the browser SDK, its types and its manifest. The address `v1` serves the newest version of 1; a "
    "whole version such as `1.0.0` never changes.",
    tag="Customers",
    is_authenticated=False,
    parameters=(
        path_parameter("version", "`v1`, or a whole version.", example="v1"),
        path_parameter("file", "The file, as the manifest names it.", example="fincore.js"),
    ),
    responses={
        200: Content(
            shape={"type": "string"},
            media_type="text/javascript",
            description="The file.",
            headers=("Cache-Control", "ETag"),
        ),
        304: Content(shape=None, description="The browser has the file."),
    },
    problems=("route_not_found", "rate_limited"),
)
