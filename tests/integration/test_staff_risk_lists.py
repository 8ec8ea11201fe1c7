"""The lists that risk rules ask for, as people of staff keep them."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.backoffice.risk_rules import draft_rules, use_rules
from fincore.domain.clock import SystemClock
from fincore.postgres.pool import Pool
from fincore.write.risk.rule_versions import RiskRuleVersions
from fixtures.merchant_api import Reply, serving_api
from fixtures.staff_server import StaffClient, StaffServer, serving_staff

PATH = "/staff/v1/risk_lists"
MERCHANT = "mer_01kab5m5wvfb9v1c2m5hfv0d2e"


class Setting(NamedTuple):
    """A server of staff with a list of e-mail addresses, and an admin."""

    staff: StaffServer
    ada: StaffClient
    pool: Pool

    async def values(self, query: str = "") -> list[tuple[str, str | None]]:
        """The entries that a viewer sees."""
        reply = await self.staff.person("viewer").get(f"{PATH}/bad_emails/entries?limit=100{query}")
        assert reply.status == 200, reply.json()
        return [(one["value"], one["merchant"]) for one in reply.json()["data"]]


@pytest.fixture
async def at(pool: Pool) -> AsyncIterator[Setting]:
    async with serving_api(pool) as api, serving_staff(api) as staff:
        ada = staff.person("admin")
        made = await ada.act(PATH, "create", name="bad_emails", kind="email")
        assert made.status == 201
        yield Setting(staff, ada, pool)


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["code"]


async def test_list_created_again_with_its_key_is_answered_alike(at: Setting) -> None:
    first = await at.ada.act(PATH, "k1", name="bad_cards", kind="email")
    again = await at.ada.act(PATH, "k1", name="bad_cards", kind="email")
    assert (again.status, again.body) == (201, first.body)
    assert refusal(await at.ada.act(PATH, "k2", name="bad_cards", kind="email")) == (409, "rules_changed")


async def test_values_are_added_found_and_removed(at: Setting) -> None:
    added = await at.ada.act(f"{PATH}/bad_emails/add", "k1", "a fraud", value="Eve@Example.com")
    assert (added.json()["change"], added.json()["values"]) == ("added", 1)
    await at.ada.act(f"{PATH}/bad_emails/add", "k2", value="mal@example.com", merchant=MERCHANT)
    assert await at.values() == [("eve@example.com", None), ("mal@example.com", MERCHANT)]
    found = await at.staff.person("viewer").post(f"{PATH}/searches", {"value": "eve@example.com"})
    assert [(one["list"], one["reason"]) for one in found.json()["data"]] == [("bad_emails", "a fraud")]
    removed = await at.ada.act(f"{PATH}/bad_emails/remove", "k3", "it was none", value="eve@example.com")
    assert removed.json()["values"] == 1
    gone = await at.ada.act(f"{PATH}/bad_emails/remove", "k4", value="eve@example.com")
    assert gone.json()["values"] == 0
    assert await at.values() == [("mal@example.com", MERCHANT)]
    assert len(await at.values("&history=true")) == 2
    (listed,) = (await at.staff.person("viewer").get(PATH)).json()["data"]
    assert (listed["name"], listed["kind"], listed["entries"], listed["has_more"]) == (
        "bad_emails",
        "email",
        1,
        False,
    )


async def test_import_adds_all_values_or_none(at: Setting) -> None:
    entries: list[dict[str, Any]] = [{"value": f"e{number}@example.com"} for number in range(3)]
    path = f"{PATH}/bad_emails/import"
    bad = await at.ada.act(path, "k1", entries=[*entries, {"value": "no address"}])
    assert refusal(bad) == (422, "field_invalid")
    assert "entry 4" in bad.json()["detail"]
    assert await at.values() == []
    good = await at.ada.act(path, "k2", entries=entries)
    again = await at.ada.act(path, "k2", entries=entries)
    assert (good.json()["values"], again.headers["Idempotent-Replayed"]) == (3, "true")
    assert len(await at.values("&history=true")) == 3
    page = (await at.ada.get(f"{PATH}/bad_emails/entries?limit=2")).json()
    rest = (await at.ada.get(f"{PATH}/bad_emails/entries?limit=2&cursor={page['next_cursor']}")).json()
    assert [one["value"] for one in (*page["data"], *rest["data"])] == [one["value"] for one in entries]


async def test_what_a_list_cannot_hold_is_refused(at: Setting) -> None:
    path = f"{PATH}/bad_emails/add"
    for fields in (
        {"value": "not an address"},
        {"value": "a\u0000@example.com"},
        {"value": "old@example.com", "expires_at": "2020-01-01T00:00:00Z"},
    ):
        reply = await at.ada.act(path, "k1", **fields)
        assert reply.status == 422, fields
    twice = await at.ada.act(PATH, "k2", name="bad_emails", kind="ip")
    assert refusal(twice) == (409, "rules_changed")
    assert refusal(await at.ada.act(PATH, "k3", name="Bad Emails", kind="ip"))[0] == 422
    for nothing in ("none", "'; drop table risk.lists; --"):
        for path in ("add", "remove"):
            reply = await at.ada.act(f"{PATH}/{nothing}/{path}", "k4", value="eve@example.com")
            assert refusal(reply) == (404, "risk_list_not_found")
    assert refusal(await at.ada.get(f"{PATH}/none/entries")) == (404, "risk_list_not_found")


async def test_audit_trail_of_lists_holds_no_personal_data(at: Setting) -> None:
    await at.ada.act(f"{PATH}/bad_emails/add", "k1", "a fraud", value="eve@example.com")
    acts = await at.pool.fetch("select t::text from staff.acts t")
    assert len(acts) == 2
    assert all("eve@example.com" not in str(act) for act in acts)


async def test_lists_are_for_people_who_see_everything(at: Setting) -> None:
    test_only = at.staff.person("admin", mode="test")
    for reply in (
        await test_only.get(PATH),
        await test_only.get(f"{PATH}/bad_emails/entries"),
        await test_only.act(f"{PATH}/bad_emails/add", "k1", value="eve@example.com"),
        await at.staff.person("support").act(f"{PATH}/bad_emails/add", "k1", value="eve@example.com"),
    ):
        assert refusal(reply) == (403, "permission_missing")


RULES = """
[[rules]]
name = "known"
stage = "allow_lists"
action = "allow"
when = 'has_email && in_list("good_emails", email)'

[[rules]]
name = "bad"
stage = "block_lists"
action = "block"
when = 'has_email && in_list("bad_emails", email)'

[[rules]]
name = "seen"
action = "review"
fallback = "block"
when = 'has_email && in_list("seen_emails", email)'
"""
EVE, DAY = "eve@example.com", "2100-01-01T00:00:00Z"


@pytest.fixture
async def ruled(at: Setting) -> Setting:
    """Live rules ask three of four lists; `bad_emails` has a value for good."""
    for name in ("good_emails", "seen_emails", "other_emails"):
        assert (await at.ada.act(PATH, name, name=name, kind="email")).status == 201
    assert (await at.ada.act(f"{PATH}/bad_emails/add", "eve", value=EVE)).status == 200
    versions = RiskRuleVersions(at.pool)
    now = SystemClock().now()
    version, _ = await draft_rules(versions, RULES, now=now, by="ada", reason="tests")
    for state in ("shadow", "live"):
        await use_rules(versions, version, state, now=now, by="ada", reason="tests")
    return at


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("good_emails/add", {"value": EVE}, 202),
        ("good_emails/import", {"entries": [{"value": EVE}]}, 202),
        ("good_emails/remove", {"value": EVE}, 200),
        ("bad_emails/add", {"value": "mal@example.com"}, 200),
        ("bad_emails/add", {"value": "mal@example.com", "expires_at": DAY}, 200),
        ("bad_emails/add", {"value": "EVE@example.com", "expires_at": DAY}, 202),
        ("bad_emails/add", {"value": EVE, "expires_at": DAY, "merchant": MERCHANT}, 200),
        ("bad_emails/import", {"entries": [{"value": EVE, "expires_at": DAY}]}, 202),
        ("bad_emails/remove", {"value": EVE}, 202),
        ("seen_emails/add", {"value": EVE}, 202),
        ("seen_emails/remove", {"value": EVE}, 202),
        ("other_emails/add", {"value": EVE}, 200),
        ("other_emails/remove", {"value": EVE}, 200),
    ],
)
async def test_change_that_lets_more_through_needs_two_people(
    ruled: Setting, path: str, fields: dict[str, Any], status: int
) -> None:
    reply = await ruled.ada.act(f"{PATH}/{path}", "k", **fields)
    assert reply.status == status, reply.json()
    again = await ruled.ada.act(f"{PATH}/{path}", "k", **fields)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (status, reply.body, "true")


async def test_live_rules_that_are_not_there_need_two_people(ruled: Setting, owner_pool: Pool) -> None:
    """It is not known which lists they ask."""
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("delete from risk.rule_versions")
        await connection.execute("set session_replication_role = origin")
    assert (await ruled.ada.act(f"{PATH}/other_emails/add", "k", value=EVE)).status == 202


async def test_removal_from_a_block_list_waits_for_a_second_person(ruled: Setting) -> None:
    bob = ruled.staff.person("admin", subject="sub-bob")
    proposed = (await ruled.ada.act(f"{PATH}/bad_emails/remove", "k", "it was none", value=EVE)).json()
    assert (proposed["kind"], proposed["act"]["change"]) == ("risk_list_entries", "remove")
    assert await ruled.values() == [(EVE, None)]
    approve = f"/staff/v1/proposals/{proposed['id']}/approve"
    assert (await ruled.ada.act(approve, "mine")).status == 403
    done = (await bob.act(approve, "yes")).json()
    assert (done["status"], done["result"]) == ("executed", "1 value removed from bad_emails")
    assert await ruled.values() == []
    trail = str(await ruled.pool.fetch("select t::text from staff.acts t"))
    assert EVE not in trail


async def test_proposal_with_a_value_the_list_cannot_hold_is_refused(ruled: Setting) -> None:
    entries = [{"value": "no address"}]
    reply = await ruled.ada.act(f"{PATH}/good_emails/import", "k", entries=entries)
    assert refusal(reply) == (422, "field_invalid")
