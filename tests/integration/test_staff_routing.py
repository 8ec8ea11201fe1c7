"""Routing as people of staff see it: versions, a dry run, accounts with breakers, and rules that two people agree on."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from fincore.bootstrap.staff_application import StaffOptions
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.pool import Pool
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breaker_store import AccountKey, BreakerStore
from fincore.write.routing.rule_store import RuleStore
from fixtures.merchant_api import ACCOUNTS, serving_api
from fixtures.staff_server import StaffServer, serving_staff

PATH = "/staff/v1/routing_rules"
TO_TEST = "[[rule]]\nname = 'all'\nwhen = 'true'\naccounts = ['stripe/test']\n"
BY_AMOUNT = "[[rule]]\nname = 'large'\nwhen = 'amount_minor > 1000'\naccounts = ['stripe/test']\n"


class Setting(NamedTuple):
    """A server of staff, and the store of rules."""

    staff: StaffServer
    store: RuleStore
    pool: Pool


@pytest.fixture
async def at(pool: Pool) -> AsyncIterator[Setting]:
    async with serving_api(pool) as api, serving_staff(api, options=StaffOptions(accounts=ACCOUNTS)) as staff:
        yield Setting(staff, RuleStore(pool), pool)


async def test_versions_are_listed_shown_and_compared(at: Setting) -> None:
    viewer = at.staff.person("viewer")
    assert (await viewer.get(PATH)).json()["data"] == []
    await at.store.add(TO_TEST, after=0, by="ada", reason="begin")
    await at.store.add(BY_AMOUNT, after=1, by="grace", reason="only large ones")
    versions = (await viewer.get(PATH)).json()["data"]
    assert [(one["version"], one["is_live"], one["reason"]) for one in versions] == [
        (2, True, "only large ones"),
        (1, False, "begin"),
    ]
    shown = (await viewer.get(f"{PATH}/1")).json()
    assert (shown["text"], shown["is_live"], shown["rules"][0]["name"]) == (TO_TEST, False, "all")
    compared = (await viewer.get(f"{PATH}/2/difference?with=1")).json()["lines"]
    assert [(one["change"], one["text"]) for one in compared if one["change"] != "same"] == [
        ("removed", "name = 'all'"),
        ("removed", "when = 'true'"),
        ("added", "name = 'large'"),
        ("added", "when = 'amount_minor > 1000'"),
    ]
    for wrong in ("3", "0", "x", "1" * 30):
        assert (await viewer.get(f"{PATH}/{wrong}")).json()["code"] == "rule_version_not_found"
    assert (await viewer.get(f"{PATH}/2/difference")).json()["code"] == "parameter_invalid"


async def test_charge_is_routed_by_live_rules_or_by_a_text(at: Setting) -> None:
    viewer = at.staff.person("viewer")
    await at.store.add(TO_TEST, after=0, by="ada", reason="begin")

    async def simulated(**fields: object) -> dict[str, object]:
        body = {"mode": "test", "amount_minor": 500, "currency": "usd"} | fields
        reply = await viewer.post(f"{PATH}/simulations", body)
        assert reply.status == 200, reply.json()
        found: dict[str, object] = reply.json()
        return found

    found = await simulated()
    assert (found["version"], found["rule"], found["refused"]) == (1, "all", None)
    assert found["attempts"] == [{"psp": "stripe", "psp_account": "test", "payment_method": "card"}]
    tried = await simulated(text=BY_AMOUNT)
    assert (tried["version"], tried["rule"]) == (2, None)
    refused = await simulated(payment_methods=[{"type": "paypal"}])
    assert (refused["refused"], refused["attempts"]) == ("payment_method_not_taken", [])
    wrong = await viewer.post(
        f"{PATH}/simulations", {"mode": "test", "amount_minor": 1, "currency": "usd", "text": "x"}
    )
    assert wrong.json()["code"] == "rules_not_usable"


async def test_check_names_each_flaw_with_its_line(at: Setting) -> None:
    viewer = at.staff.person("viewer")
    good = (await viewer.post(f"{PATH}/checks", {"text": BY_AMOUNT})).json()
    assert (good["live_version"], good["flaws"], good["rules"][0]["when"]) == (0, [], "amount_minor > 1000")
    bad = (
        await viewer.post(f"{PATH}/checks", {"text": TO_TEST.replace("stripe/test", "stripe/none")})
    ).json()
    assert bad["rules"] == []
    assert bad["flaws"][0]["line"] == 1
    assert "stripe/none" in bad["flaws"][0]["message"]


async def test_rules_are_live_once_a_second_person_agreed(at: Setting) -> None:
    ada, bob = at.staff.person("admin"), at.staff.person("admin", subject="sub-bob")
    proposed = await ada.act(f"{PATH}/live", "k1", "a second account", text=TO_TEST, after=0)
    assert (proposed.status, proposed.json()["kind"]) == (202, "routing_rules")
    assert await at.store.live_version() == 0
    again = await ada.act(f"{PATH}/live", "k1", "a second account", text=TO_TEST, after=0)
    assert again.json()["id"] == proposed.json()["id"]
    approve = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
    assert (await bob.act(approve, "k2")).json()["status"] == "executed"
    live = await at.store.read(1)
    assert live is not None
    assert (live.text, live.set_by, live.reason) == (TO_TEST, "ada@example.com", "a second account")
    after = await ada.act(f"{PATH}/live", "k1", "a second account", text=TO_TEST, after=0)
    assert (after.status, after.body) == (202, proposed.body)
    late = await ada.act(f"{PATH}/live", "k3", text=BY_AMOUNT, after=0)
    assert (late.status, late.json()["code"]) == (409, "rules_changed")
    flawed = await ada.act(f"{PATH}/live", "k4", text="[[rule]]\n", after=1)
    assert (flawed.status, flawed.json()["code"]) == (422, "rules_not_usable")


async def test_accounts_are_listed_with_their_breakers(at: Setting) -> None:
    breakers = BreakerStore(at.pool, BreakerPolicy())
    await breakers.open(AccountKey(PspName("stripe"), PspAccount("test")), 60.0, "8 of 10 calls")
    accounts = (await at.staff.person("viewer").get("/staff/v1/psp_accounts")).json()["data"]
    assert [(one["name"], one["mode"], one["breaker"], one["breaker_reason"]) for one in accounts] == [
        ("live", "live", "closed", None),
        ("test", "test", "open", "8 of 10 calls"),
    ]
    test_only = at.staff.person("viewer", mode="test")
    seen = (await test_only.get("/staff/v1/psp_accounts")).json()["data"]
    assert [one["name"] for one in seen] == ["test"]


async def test_rules_are_for_people_who_see_everything(at: Setting) -> None:
    await at.store.add(TO_TEST, after=0, by="ada", reason="begin")
    test_only = at.staff.person("admin", mode="test")
    for reply in (
        await test_only.get(PATH),
        await test_only.get(f"{PATH}/1"),
        await test_only.post(f"{PATH}/checks", {"text": ""}),
        await test_only.act(f"{PATH}/live", "k1", text="", after=1),
    ):
        assert (reply.status, reply.json()["code"]) == (403, "permission_missing")
