"""The dashboard's files as the server of staff serves them: without a login, under a strict policy, kept where they never change."""

import gzip
import re
from collections.abc import AsyncIterator
from typing import Final

import pytest

from fincore.bootstrap.staff_application import StaffOptions
from fincore.postgres.pool import Pool
from fincore.staff.dashboard.body import ConfigurationBody, LogoutBody
from fincore.staff.dashboard.built_files import read_built_files
from fixtures.merchant_api import Reply, serving_api
from fixtures.staff_server import StaffClient, serving_staff

CONFIGURATION: Final = ConfigurationBody(
    issuer="https://login.example.com",
    client_id="fincore-dashboard",
    scope="openid",
    logout=LogoutBody(form="cognito", address="https://login.example.com/logout"),
)
BUILT: Final = read_built_files()
SCRIPT: Final = re.findall(r'src="(/assets/[^"]+\.js)"', BUILT.page.content.decode())[0]


@pytest.fixture
async def browser(pool: Pool) -> AsyncIterator[StaffClient]:
    """Requests without a token."""
    options = StaffOptions(dashboard=CONFIGURATION, issuer_origins=("https://login.example.com",))
    async with serving_api(pool) as api, serving_staff(api, options=options) as staff:
        yield staff.bearer("")


async def get(browser: StaffClient, path: str, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.request("GET", path, headers={"Authorization": "", **named})


async def test_page_is_served_at_the_address_of_each_screen(browser: StaffClient) -> None:
    for path in (
        "/",
        "/test",
        "/live/charges",
        "/test/charges/ch_1",
        "/live/a/b/c/d",
        "/login/return",
        "/logged-out",
    ):
        reply = await get(browser, path)
        assert (reply.status, reply.body) == (200, BUILT.page.content), path
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert reply.headers["Cache-Control"] == "no-store"


async def test_policy_allows_own_scripts_and_calls_of_the_issuer_alone(browser: StaffClient) -> None:
    reply = await get(browser, "/test")
    assert reply.headers["Content-Security-Policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self' https://login.example.com",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_file_of_the_page_is_kept_for_a_year(browser: StaffClient) -> None:
    content = BUILT.assets[SCRIPT.removeprefix("/assets/")].content
    reply = await get(browser, SCRIPT)
    assert (reply.status, reply.body) == (200, content)
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = await get(browser, SCRIPT, If_None_Match=reply.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


async def test_file_of_the_page_is_compressed_for_browsers(browser: StaffClient) -> None:
    reply = await get(browser, SCRIPT, Accept_Encoding="gzip, br")
    content = BUILT.assets[SCRIPT.removeprefix("/assets/")].content
    # The client of the tests takes compressed answers apart.
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.body in (content, gzip.compress(content, mtime=0))
    assert int(reply.headers["Content-Length"]) < len(content) / 2


async def test_paths_that_are_no_screen_are_unknown(browser: StaffClient) -> None:
    for path in ("/assets/none.js", "/assets/..%2findex.html", "/charges", "/test/a/b/c/d/e", "/staff"):
        assert (await get(browser, path)).problem() == (404, "route_not_found", None), path


async def test_dashboard_learns_where_people_log_in(browser: StaffClient) -> None:
    reply = await get(browser, "/dashboard/configuration.json")
    assert reply.json() == {
        "issuer": "https://login.example.com",
        "client_id": "fincore-dashboard",
        "scope": "openid",
        "logout": {"form": "cognito", "address": "https://login.example.com/logout"},
    }


async def test_server_without_a_login_has_no_dashboard(pool: Pool) -> None:
    async with serving_api(pool) as api, serving_staff(api) as staff:
        for path in ("/", "/test/charges", "/dashboard/configuration.json"):
            assert (await staff.bearer("").get(path)).status == 404
