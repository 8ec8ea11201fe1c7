"""The role `staff` is killed while it carries out what two people agreed on: the next process finishes it, once."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import pytest
from harness.ports import Ports

from fincore.bootstrap.roles import ROLES
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.staff_issuer import PASSWORD, Browser
from fixtures.staff_role import StaffRole, running_staff_role
from fixtures.waiting import eventually

KILLED: Final = -9


class Mortal(NamedTuple):
    """A role that can be killed at a place, and its port for operators."""

    role: StaffRole
    ops_url: str


class Colleague:
    """A person who is logged in; the token outlives the process."""

    def __init__(self, url: str, session: aiohttp.ClientSession, token: str) -> None:
        self._url = url
        self._session = session
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def get(self, path: str) -> Any:
        """What a path shows."""
        async with self._session.get(self._url + path, headers=self._headers) as response:
            return await response.json()

    async def act(self, path: str, key: str, **fields: object) -> Reply:
        """Act for a reason, under a key."""
        body = json.dumps({"reason": "asked by phone"} | fields).encode()
        headers = self._headers | {"Idempotency-Key": key}
        async with self._session.post(self._url + path, headers=headers, data=body) as response:
            return Reply(response.status, response.headers, await response.read())


@pytest.fixture
def mortal(dsn: str, tmp_path: Path) -> Iterator[Mortal]:
    ports = Ports()
    first = ports.take(len(ROLES))
    settings = {"FINCORE_FAILPOINTS": "allowed", "FINCORE_OPS_PORT": str(first)}
    ports.release()
    with running_staff_role(dsn, tmp_path, settings) as role:
        yield Mortal(role, f"http://127.0.0.1:{first + ROLES.index('staff')}")


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@contextlib.asynccontextmanager
async def logged_in(role: StaffRole, username: str, *roles: str) -> AsyncIterator[Colleague]:
    one_time = await asyncio.to_thread(role.person, username, *roles)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = Browser(role.url, session)
        page = await browser.log_in(username, one_time)
        redirect = await browser.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
        yield Colleague(role.url, session, (await browser.tokens_for(redirect))["access_token"])


@pytest.mark.long
async def has_ended(role: StaffRole) -> int | None:
    """How the process of a role ended, once it has."""
    process = role.process
    assert process is not None

    async def is_over() -> bool:
        return process.exit_code is not None

    await eventually(is_over)
    return process.exit_code


async def test_next_process_finishes_what_two_people_agreed_on(mortal: Mortal, api: Api) -> None:
    role = mortal.role
    async with (
        logged_in(role, "lea", "support") as lea,
        logged_in(role, "max", "finance") as second,
        aiohttp.ClientSession() as session,
    ):
        for place in ("proposal.before", "commit.refund.requested.after", "proposal.after"):
            charge_id = await api.paid(place)
            proposed = await lea.act(f"/staff/v1/charges/{charge_id}/refunds", place, amount_minor=500)
            assert proposed.status == 202, proposed.body
            path = f"/staff/v1/proposals/{proposed.json()['id']}"
            async with session.post(f"{mortal.ops_url}/failpoints/{place}") as armed:
                assert armed.status == 200
            with pytest.raises(aiohttp.ClientError):
                await second.act(f"{path}/approve", place)
            assert await has_ended(role) == KILLED
            role.kill()  # it has died; what is left of it is closed
            await asyncio.to_thread(role.start)

            async def is_executed(path: str = path) -> bool:
                return bool((await second.get(path))["status"] == "executed")

            await eventually(is_executed)
            repeated = await second.act(f"{path}/approve", place)
            (made,) = (await api.folded(charge_id)).refunds
            assert (repeated.status, repeated.json()["result"]) == (200, made.refund_id)
            assert made.amount_minor == 500
