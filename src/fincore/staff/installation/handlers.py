"""/staff/v1/installation: version, processes, schemas and settings."""

from fincore.backoffice.installation_page import InstallationStores, read_installation
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.installation.body import render_installation
from fincore.staff.installation.openapi import GET_INSTALLATION


class InstallationHandlers:
    """The handler of the installation."""

    def __init__(self, admission: Admission, stores: InstallationStores) -> None:
        self._admission = admission
        self._stores = stores

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET",
                "/staff/v1/installation",
                GET_INSTALLATION,
                self.get,
                permission="installation.read",
            ),
        )

    async def get(self, _: Call, visit: Visit) -> Response:
        """What this installation is."""
        visit.require_everywhere()
        return json_response(200, render_installation(await read_installation(self._stores)))
