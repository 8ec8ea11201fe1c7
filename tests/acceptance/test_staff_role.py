"""The role `staff` as a process: what a crash leaves of a login, and what operators change while it runs."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from fixtures.staff_issuer import PASSWORD, Browser, code_in
from fixtures.staff_role import StaffRole, running_staff_role


@pytest.fixture
def staff(dsn: str, tmp_path: Path) -> Iterator[StaffRole]:
    with running_staff_role(dsn, tmp_path) as staff:
        yield staff


@contextlib.asynccontextmanager
async def browsing(staff: StaffRole) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Browser(staff.url, session)


async def test_login_outlives_a_kill_of_the_role(staff: StaffRole) -> None:
    one_time = staff.person("ada", "support")
    async with browsing(staff) as browser:
        page = await browser.log_in("ada", one_time)
        redirect = await browser.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
        tokens = await browser.tokens_for(redirect)
    staff.kill()
    staff.start()
    async with browsing(staff) as again:
        again.cookie = browser.cookie
        assert (await again.me(tokens["access_token"])).json()["username"] == "ada"
        assert (await again.refresh(tokens["refresh_token"])).status == 200
        assert code_in(await again.authorize(prompt="none"))


async def test_commands_count_in_a_running_role_at_once(staff: StaffRole) -> None:
    one_time = staff.person("ada", "viewer")
    async with browsing(staff) as browser:
        page = await browser.log_in("ada", one_time)
        redirect = await browser.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
        tokens = await browser.tokens_for(redirect)
        staff.command("rotate-key")
        assert (await browser.me(tokens["access_token"])).status == 200
        assert (await browser.refresh(tokens["refresh_token"])).status == 200
        staff.command("set-roles", "ada", "--role=admin:test")
        grants = (await browser.me(tokens["access_token"])).json()["grants"]
        assert grants == [{"role": "admin", "mode": "test", "merchant": None}]
        staff.command("disable", "ada")
        assert (await browser.me(tokens["access_token"])).problem()[1] == "token_invalid"


async def test_log_of_the_role_holds_no_secret_and_no_person(dsn: str, tmp_path: Path) -> None:
    with running_staff_role(dsn, tmp_path, {"FINCORE_LOG_LEVEL": "debug"}) as staff:
        one_time = staff.person("ada@example.com", "support")
        async with browsing(staff) as browser:
            page = await browser.log_in("ada@example.com", one_time)
            redirect = await browser.post_form(
                page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD
            )
            code = code_in(redirect)
            tokens = await browser.tokens_for(redirect)
            await browser.log_in("ada@example.com", "a wrong password")
            await browser.redeem(code)
            await browser.me(tokens["access_token"])
            await browser.me(tokens["access_token"][:-4])
            await browser.refresh(tokens["refresh_token"])
            cookie = browser.cookie.partition("=")[2]
        staff.stop()
        log = staff.log.read_text()
        assert "staff.listening" in log
        secrets = (one_time, PASSWORD, "a wrong password", code, cookie, *map(str, tokens.values()))
        assert [one for one in (*secrets, "ada@example.com") if len(one) > 6 and one in log] == []
