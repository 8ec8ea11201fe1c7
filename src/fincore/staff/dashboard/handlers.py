"""/, /test/..., /live/...: the page of the dashboard; /assets/...: its files; /dashboard/configuration.json."""

from collections.abc import Iterable
from typing import Final

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.http.static_file import IMMUTABLE, file_response
from fincore.staff.dashboard.body import ConfigurationBody
from fincore.staff.dashboard.built_files import read_built_files
from fincore.staff.dashboard.openapi import GET_ASSET, GET_CONFIGURATION, GET_PAGE
from fincore.staff.dashboard.policy import dashboard_policy

PAGE_CACHE: Final = ("cache-control", "no-store")
"""The page names files that change with every version, so that no browser keeps it."""
DEPTH_MAX: Final = 4
"""Segments after the mode in the address of a screen."""
ASSET_PATH: Final = "/assets/{file}"
CONFIGURATION_PATH: Final = "/dashboard/configuration.json"
PAGE_PATHS: Final[tuple[str, ...]] = (
    "/",
    "/login/return",
    "/logged-out",
    *(
        f"/{mode}" + "".join(f"/{{part_{number}}}" for number in range(1, depth + 1))
        for mode in ("test", "live")
        for depth in range(DEPTH_MAX + 1)
    ),
)
"""Where the page is: the address names the screen, and a browser that opens or reloads it gets the same page."""


class Dashboard:
    """The handlers of the page, its files and its configuration. `issuer_origins` are other origins that a login calls."""

    def __init__(self, configuration: ConfigurationBody, *, issuer_origins: Iterable[str] = ()) -> None:
        built = read_built_files()
        self._page: Final = built.page
        self._assets: Final = built.assets
        self._policy: Final = ("content-security-policy", dashboard_policy(issuer_origins))
        self._configuration: Final = configuration

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            *(Route(method="GET", path=path, operation=GET_PAGE, handler=self.page) for path in PAGE_PATHS),
            Route(method="GET", path=ASSET_PATH, operation=GET_ASSET, handler=self.asset),
            Route(
                method="GET",
                path=CONFIGURATION_PATH,
                operation=GET_CONFIGURATION,
                handler=self.configuration,
            ),
        )

    async def page(self, call: Call) -> Response:
        """The page."""
        return file_response(call, self._page, (self._policy, PAGE_CACHE))

    async def asset(self, call: Call) -> Response:
        """A file that the page loads."""
        found = self._assets.get(call.path_parameter("file"))
        if found is None:
            raise Problem("route_not_found")
        return file_response(call, found, (IMMUTABLE,))

    async def configuration(self, _: Call) -> Response:
        """Where people log in."""
        return json_response(200, self._configuration)
