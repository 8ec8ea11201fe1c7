"""How `/staff/v1/installation` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.installation.body import StaffInstallationBody

GET_INSTALLATION: Final = Operation(
    operation_id="get_installation",
    summary="Get the installation",
    description="Returns version, processes, schemas and settings of this installation; no secret is in it. It needs the permission in both modes and for "
    "all merchants.",
    tag="Installation",
    responses={200: Content(shape=StaffInstallationBody, description="The installation.")},
    problems=READ_PROBLEMS,
)
