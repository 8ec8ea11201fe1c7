"""Risk rules as people of staff draft them, try them, and let them be live by two people."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.domain.events import CHARGE_EVENTS
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.risk.rule_versions import RiskRuleVersions
from fixtures.commits import captured, created
from fixtures.merchant_api import Reply, serving_api
from fixtures.staff_server import StaffClient, StaffServer, serving_staff
from fixtures.traffic import live, running_writer

PATH = "/staff/v1/risk_rules"
SMALL = "[[rules]]\nname = 'small'\nwhen = 'amount_minor < 100'\naction = 'block'\n"
LARGE = "[[rules]]\nname = 'large'\nwhen = 'amount_minor > 500'\naction = 'block'\n"


class Setting(NamedTuple):
    """A server of staff, two admins, and the store of rules."""

    staff: StaffServer
    ada: StaffClient
    bob: StaffClient
    store: RiskRuleVersions
    pool: Pool

    async def drafted(self, key: str, text: str) -> int:
        """A draft of Ada's."""
        reply = await self.ada.act(f"{PATH}/drafts", key, "more fraud", text=text)
        assert reply.status == 201, reply.json()
        version: int = reply.json()["version"]
        return version

    async def let_live(self, key: str, version: int) -> None:
        """Ada proposes, Bob agrees."""
        await self.ada.act(f"{PATH}/{version}/shadow", f"{key}-shadow")
        proposed = await self.ada.act(f"{PATH}/{version}/live", f"{key}-live")
        approve = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
        assert (await self.bob.act(approve, f"{key}-approve")).json()["status"] == "executed"


@pytest.fixture
async def at(pool: Pool) -> AsyncIterator[Setting]:
    async with serving_api(pool) as api, serving_staff(api) as staff:
        ada, bob = staff.person("admin"), staff.person("admin", subject="sub-bob")
        yield Setting(staff, ada, bob, RiskRuleVersions(pool), pool)


def refusal(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["code"]


async def test_rules_go_from_draft_over_shadow_to_live_by_two(at: Setting) -> None:
    version = await at.drafted("k1", SMALL)
    assert await at.drafted("k1", SMALL) == version
    assert refusal(await at.ada.act(f"{PATH}/{version}/live", "k2")) == (409, "rules_changed")
    await at.let_live("a", version)
    assert await at.store.in_force() == {version: "live"}
    listed = (await at.staff.person("viewer").get(PATH)).json()
    assert [(one["version"], one["state"]) for one in listed["data"]] == [(version, "live")]
    assert [(one["to_state"], one["changed_by"]) for one in listed["changes"]] == [
        ("live", "ada@example.com"),
        ("shadow", "ada@example.com"),
    ]
    later = await at.drafted("k3", LARGE)
    await at.let_live("b", later)
    assert await at.store.in_force() == {later: "live"}
    compared = (await at.ada.get(f"{PATH}/{later}/difference?with={version}")).json()["lines"]
    assert [one["change"] for one in compared] == ["same", "removed", "removed", "added", "added", "same"]


async def test_live_rules_are_retired_by_two_and_a_shadow_by_one(at: Setting) -> None:
    version, other = await at.drafted("k1", SMALL), await at.drafted("k2", LARGE)
    await at.let_live("a", version)
    await at.ada.act(f"{PATH}/{other}/shadow", "k3")
    alone = await at.ada.act(f"{PATH}/{other}/retire", "k4")
    assert (alone.status, alone.json()["state"]) == (200, "retired")
    proposed = await at.ada.act(f"{PATH}/{version}/retire", "k5")
    assert (proposed.status, proposed.json()["act"]["state"]) == (202, "retired")
    assert await at.store.in_force() == {version: "live"}
    await at.bob.act(f"/staff/v1/proposals/{proposed.json()['id']}/approve", "k6")
    assert await at.store.in_force() == {}


async def test_acts_repeated_after_their_effect_are_answered_alike(at: Setting) -> None:
    version = await at.drafted("k", SMALL)
    shadow = await at.ada.act(f"{PATH}/{version}/shadow", "s")
    for path, key in (("live", "l"), ("retire", "r")):
        proposed = await at.ada.act(f"{PATH}/{version}/{path}", key)
        await at.bob.act(f"/staff/v1/proposals/{proposed.json()['id']}/approve", key)
        again = await at.ada.act(f"{PATH}/{version}/{path}", key)
        assert (again.status, again.body) == (202, proposed.body)
    assert (await at.ada.act(f"{PATH}/{version}/shadow", "s")).body == shadow.body


async def test_rules_with_flaws_are_refused_with_their_lines(at: Setting) -> None:
    bad = SMALL.replace("amount_minor", "amount")
    checked = (await at.staff.person("viewer").post(f"{PATH}/checks", {"text": bad})).json()
    assert (checked["rules"], checked["flaws"][0]["line"]) == ([], 3)
    assert refusal(await at.ada.act(f"{PATH}/drafts", "k1", text=bad)) == (422, "rules_not_usable")
    good = (await at.staff.person("viewer").post(f"{PATH}/checks", {"text": SMALL})).json()
    assert (good["flaws"], good["rules"][0]["action"]) == ([], "block")
    for wrong in ("9", "x"):
        assert refusal(await at.ada.get(f"{PATH}/{wrong}")) == (404, "rule_version_not_found")
        assert refusal(await at.ada.act(f"{PATH}/{wrong}/shadow", "k2")) == (404, "rule_version_not_found")
    assert await at.store.list() == []


async def test_back_test_tells_what_rules_would_have_done(at: Setting) -> None:
    async with running_writer(at.pool) as writer:
        await live(writer, [(created(50), captured(50)), (created(1000), captured(1000))])
    assert await EventLog(at.pool, CHARGE_EVENTS).end() is not None
    viewer = at.staff.person("viewer")

    async def tested(**fields: Any) -> Any:
        reply = await viewer.post(f"{PATH}/back_tests", fields)
        assert reply.status == 200, reply.json()
        return reply.json()

    report = await tested(text=SMALL)
    assert (report["charges"], report["rules"][0]["hits"]) == (2, 1)
    decided = {one["decision"]: sum(two["charges"] for two in one["results"]) for one in report["decisions"]}
    assert decided == {"block": 1, "allow": 1}
    version = await at.drafted("k1", LARGE)
    assert (await tested(version=version, charges_max=1))["is_cut_off"] is True
    assert (await tested(version=version, mode="live"))["charges"] == 0
    recorded = await viewer.post(f"{PATH}/comparisons", {"version": version})
    assert (recorded.status, recorded.json()["rules"][0]["name"]) == (200, "large")
    unnamed = await viewer.post(f"{PATH}/comparisons", {"text": LARGE})
    assert refusal(unnamed) == (422, "field_invalid")
    both = await viewer.post(f"{PATH}/back_tests", {"version": version, "text": LARGE})
    assert refusal(both) == (422, "field_invalid")


async def test_only_admins_of_everything_change_risk_rules(at: Setting) -> None:
    version = await at.drafted("k1", SMALL)
    people = [at.staff.person(role) for role in ("viewer", "support", "finance")]
    for person in (*people, at.staff.person("admin", mode="test")):
        for path in ("drafts", f"{version}/shadow", f"{version}/live", f"{version}/retire"):
            reply = await person.act(f"{PATH}/{path}", "k2", **({"text": SMALL} if path == "drafts" else {}))
            assert refusal(reply) == (403, "permission_missing")
    assert len(await at.store.list()) == 1
