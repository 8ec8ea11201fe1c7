"""The table of permissions, cell by cell: every route of staff is asked by a person of each role."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.postgres.pool import Pool
from fincore.staff.access.admission import StaffRoute
from fincore.staff.access.permissions import PERMISSIONS, ROLES, Role
from fixtures.merchant_api import serving_api
from fixtures.staff_routes import staff_routes
from fixtures.staff_server import StaffServer, serving_staff


@pytest.fixture
async def staff(pool: Pool, operator: OperatorStores) -> AsyncIterator[StaffServer]:
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        yield staff


def cells() -> Iterator[tuple[StaffRoute, Role]]:
    for route in staff_routes():
        assert isinstance(route, StaffRoute)
        for role in ROLES:
            yield route, role


async def test_each_role_is_answered_where_the_table_says_so(staff: StaffServer) -> None:
    """No request below is complete: one that is let in is refused for what it lacks, and changes nothing."""
    wrong: list[str] = []
    for route, role in cells():
        path = re.sub(r"\{\w+\}", "x", route.path)
        # A person of its own for each, so that none asks too often.
        person = staff.person(role, subject=f"sub-{role}-{route.operation.operation_id}")
        reply = await person.request(route.method, path)
        is_refused = reply.status == 403 and reply.json()["code"] == "permission_missing"
        if is_refused == (role in PERMISSIONS[route.permission].roles) or reply.status >= 500:
            wrong.append(f"{role}: {route.method} {route.path} ({route.permission}): {reply.status}")
    assert wrong == []


async def test_every_route_of_staff_refuses_a_call_without_token(staff: StaffServer) -> None:
    stranger = staff.bearer("")
    for route in staff_routes():
        path = re.sub(r"\{\w+\}", "x", route.path)
        reply = await stranger.request(route.method, path, headers={"Authorization": ""})
        assert (reply.status, reply.json()["code"]) == (401, "token_missing"), route.path
