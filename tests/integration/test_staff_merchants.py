"""Merchants as people of staff see them and change what was agreed with them."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.domain.clock import SystemClock
from fincore.domain.ids import MerchantId
from fincore.postgres.pool import Pool
from fincore.write.merchants.api_keys import ApiKeys
from fincore.write.merchants.merchants import Merchants
from fixtures.cases import on_one_installation
from fixtures.merchant_api import Reply, serving_api
from fixtures.staff_server import StaffServer, serving_staff

PATH = "/staff/v1/merchants"


class Setting(NamedTuple):
    """A server of staff, and two merchants."""

    staff: StaffServer
    pool: Pool
    mine: MerchantId
    other: MerchantId

    async def read(self, path: str, **person: Any) -> Any:
        """What a viewer is answered."""
        reply = await self.staff.person("viewer", **person).get(path)
        assert reply.status == 200, reply.json()
        return reply.json()

    async def acts(self) -> list[tuple[str, str, str | None]]:
        """What the trail has: action, object, mode."""
        rows = await self.pool.fetch("select * from staff.acts order by act_no")
        words = {None: None, True: "live", False: "test"}
        return [(row["action"], row["object_id"], words[row["livemode"]]) for row in rows]


@pytest.fixture
async def at(pool: Pool) -> AsyncIterator[Setting]:
    merchants = Merchants(pool, SystemClock())
    async with serving_api(pool) as api, serving_staff(api) as staff:
        mine = await merchants.create_merchant("Ada's Books")
        other = await merchants.create_merchant("Corner Shop")
        yield Setting(staff, pool, mine, other)


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json()["code"]


async def test_merchants_are_listed_and_found_by_name(at: Setting) -> None:
    names = [one["name"] for one in (await at.read(f"{PATH}?mode=test&limit=100"))["data"]]
    assert names[-2:] == ["Ada's Books", "Corner Shop"]
    found = await at.read(f"{PATH}?mode=live&name=CORNER")
    assert [one["id"] for one in found["data"]] == [at.other]
    assert (await at.read(f"{PATH}/{at.mine}"))["name"] == "Ada's Books"
    page = await at.read(f"{PATH}?mode=test&limit=1")
    assert page["has_more"]
    after = await at.read(f"{PATH}?mode=test&limit=100&cursor={page['next_cursor']}")
    assert page["data"][0]["id"] not in {one["id"] for one in after["data"]}


async def test_person_of_one_merchant_sees_no_other(at: Setting) -> None:
    bound = {"merchant_id": at.mine, "mode": "test"}
    assert [one["id"] for one in (await at.read(f"{PATH}?mode=test", **bound))["data"]] == [at.mine]
    admin = at.staff.person("admin", **bound)  # type: ignore[arg-type]
    for path in ("", "/keys", "/fee_plans", "/origins", "/raw_cards"):
        assert code(await admin.get(f"{PATH}/{at.other}{path}")) == (404, "merchant_not_found")
    assert code(await admin.act(f"{PATH}/{at.other}/keys", "k1", mode="test")) == (404, "merchant_not_found")
    assert code(await admin.act(PATH, "k2", name="New")) == (403, "permission_missing")
    plan = await admin.act(f"{PATH}/{at.mine}/fee_plans", "k3", currency="usd", basis_points=1)
    assert code(plan) == (404, "merchant_not_found")
    assert await at.acts() == []


async def test_merchant_is_created_once_for_a_key(at: Setting) -> None:
    admin = at.staff.person("admin")
    made = await admin.act(PATH, "k1", name="Flower Shop")
    assert (made.status, made.headers["Location"]) == (201, f"{PATH}/{made.json()['id']}")
    again = await admin.act(PATH, "k1", name="Flower Shop")
    assert (again.json()["id"], again.headers["Idempotent-Replayed"]) == (made.json()["id"], "true")
    assert code(await admin.act(PATH, "k1", name="Another")) == (422, "idempotency_key_reused")
    assert await at.acts() == [("create_merchant", made.json()["id"], None)]


@on_one_installation("name", ["", " ", "a\nb", "a\u0000b", "evil\u202etxt", "x" * 201, "4242 4242 4242 4242"])
async def test_merchant_with_an_unreadable_name_is_refused(at: Setting, name: str) -> None:
    refused = await at.staff.person("admin").act(PATH, "k1", name=name)
    assert refused.status in (400, 422)
    assert await at.acts() == []


async def test_hostile_name_of_a_merchant_stays_data(at: Setting) -> None:
    name = "<script>alert(1)</script>'; drop table merchants.merchants; --"
    made = await at.staff.person("admin").act(PATH, "k1", name=name)
    reply = await at.staff.person("viewer").get(f"{PATH}/{made.json()['id']}")
    assert (reply.json()["name"], reply.headers["Content-Type"]) == (name, "application/json")


async def test_key_is_shown_once_and_works_until_it_is_revoked(at: Setting) -> None:
    admin = at.staff.person("admin")
    keys = f"{PATH}/{at.mine}/keys"
    made = (await admin.act(keys, "k1", mode="test", name="back end")).json()
    assert made["secret"].startswith("sk_test_")
    assert (made["prefix"], made["last4"]) == ("sk_test_", made["secret"][-4:])
    principal = await ApiKeys(at.pool).authenticate(made["secret"])
    assert principal is not None
    assert (principal.merchant_id, principal.livemode) == (at.mine, False)
    again = await admin.act(keys, "k1", mode="test", name="back end")
    assert (again.json()["id"], again.json()["secret"]) == (made["id"], None)
    (listed,) = (await at.read(keys))["data"]
    assert listed == {name: value for name, value in made.items() if name != "secret"}

    revoked = await admin.act(f"{keys}/{made['id']}/revoke", "k2", "it leaked")
    assert revoked.json()["revoked_at"] is not None
    again = await admin.act(f"{keys}/{made['id']}/revoke", "k3", "once more")
    assert again.json()["revoked_at"] == revoked.json()["revoked_at"]
    assert await ApiKeys(at.pool).authenticate(made["secret"]) is None
    assert [action for action, _, _ in await at.acts()] == ["create_key", "revoke_key", "revoke_key"]
    told = await admin.get("/staff/v1/audit_trail?mode=test")
    for place in (told.body.decode(), str(await at.pool.fetch("select * from eventstore.idempotency_keys"))):
        assert made["secret"] not in place


async def test_live_key_works_once_a_second_person_agreed(at: Setting) -> None:
    ada, bob = at.staff.person("admin"), at.staff.person("admin", subject="sub-bob")
    keys = f"{PATH}/{at.mine}/keys"
    proposed = await ada.act(keys, "k1", "the shop opens", mode="live", name="back end")
    assert (proposed.status, proposed.json()["proposal"]["kind"]) == (202, "live_key")
    secret = proposed.json()["secret"]
    assert secret.startswith("sk_live_")
    again = await ada.act(keys, "k1", "the shop opens", mode="live", name="back end")
    assert (again.json()["proposal"], again.json()["secret"]) == (proposed.json()["proposal"], None)
    assert await ApiKeys(at.pool).authenticate(secret) is None
    assert (await at.read(keys))["data"] == []

    approve = f"/staff/v1/proposals/{proposed.json()['proposal']['id']}/approve"
    assert (await ada.act(approve, "k2")).status == 403
    assert (await bob.act(approve, "k3")).json()["status"] == "executed"
    principal = await ApiKeys(at.pool).authenticate(secret)
    assert principal is not None
    assert (principal.merchant_id, principal.livemode) == (at.mine, True)
    stored = str(await at.pool.fetch("select t::text from staff.proposals t"))
    answers = [
        (await bob.get("/staff/v1/proposals?mode=live")).body,
        (await bob.get("/staff/v1/audit_trail?mode=live")).body,
        (await bob.get(keys)).body,
        str(await at.pool.fetch("select t::text from eventstore.idempotency_keys t")).encode(),
        stored.encode(),
    ]
    assert all(secret.encode() not in answer for answer in answers)


async def test_key_of_a_mode_that_is_not_seen_is_not_there(at: Setting) -> None:
    admin = at.staff.person("admin")
    keys = f"{PATH}/{at.mine}/keys"
    key = await Merchants(at.pool, SystemClock()).create_key(at.mine, "secret", livemode=True)
    assert (await at.read(keys, mode="test"))["data"] == []
    assert len((await at.read(keys))["data"]) == 1
    test_only = at.staff.person("admin", mode="test")
    assert code(await test_only.act(f"{keys}/{key.key_id}/revoke", "k1")) == (404, "api_key_not_found")
    assert code(await test_only.act(keys, "k2", mode="live"))[0] in (403, 404)
    other = await admin.act(f"{PATH}/{at.other}/keys/{key.key_id}/revoke", "k3")
    assert code(other) == (404, "api_key_not_found")


async def test_fee_plan_counts_once_a_second_person_agreed(at: Setting) -> None:
    ada, bob = at.staff.person("admin"), at.staff.person("admin", subject="sub-bob")
    plans = f"{PATH}/{at.mine}/fee_plans"
    first = await ada.act(plans, "k1", currency="eur", basis_points=290, fixed_minor=30)
    late = await ada.act(plans, "k2", currency="eur", basis_points=190)
    assert [(one.status, one.json()["kind"]) for one in (first, late)] == [(202, "fee_plan")] * 2
    assert (await at.read(plans))["data"] == []
    approve = "/staff/v1/proposals/{}/approve"
    assert (await ada.act(approve.format(first.json()["id"]), "mine")).status == 403
    assert (await bob.act(approve.format(first.json()["id"]), "a")).json()["status"] == "executed"
    # The second one was proposed when there was no plan.
    assert code(await bob.act(approve.format(late.json()["id"]), "b")) == (409, "act_not_possible")
    again = await ada.act(plans, "k3", currency="eur", basis_points=190)
    assert (await bob.act(approve.format(again.json()["id"]), "c")).json()["status"] == "executed"
    listed = (await at.read(plans))["data"]
    assert [(one["plan"], one["basis_points"], one["fixed_minor"], one["set_by"]) for one in listed] == [
        (1, 290, 30, "ada@example.com"),
        (2, 190, 0, "ada@example.com"),
    ]
    assert (await ada.act(plans, "k1", currency="eur", basis_points=290, fixed_minor=30)).body == first.body
    assert code(await ada.act(plans, "k4", currency="xxx", basis_points=1)) == (422, "currency_unknown")
    for points, fixed in ((10_001, 0), (-1, 0), (1, 10**9)):
        refused = await ada.act(plans, "k5", currency="eur", basis_points=points, fixed_minor=fixed)
        assert refused.status == 422


async def test_origins_are_registered_and_removed_by_mode(at: Setting) -> None:
    admin = at.staff.person("admin")
    origins = f"{PATH}/{at.mine}/origins"
    added = await admin.act(origins, "k1", origin="HTTPS://Shop.example:443", mode="live")
    assert (added.json()["origin"], added.json()["mode"]) == ("https://shop.example", "live")
    twice = await admin.act(origins, "k2", origin="https://shop.example", mode="live")
    assert twice.json()["added_at"] == added.json()["added_at"]
    assert (await at.read(origins, mode="test"))["data"] == []
    wrong = await admin.act(origins, "k3", origin="https://*.example", mode="live")
    assert code(wrong) == (422, "field_invalid")
    assert code(await admin.act(f"{origins}/remove", "k4", origin="https://shop.example", mode="test")) == (
        404,
        "origin_not_found",
    )
    removed = await admin.act(f"{origins}/remove", "k5", origin="https://shop.example", mode="live")
    assert removed.status == 200
    assert (await at.read(origins))["data"] == []
    for number in range(50):
        await admin.act(origins, f"n{number}", origin=f"https://s{number}.example", mode="test")
    full = await admin.act(origins, "k6", origin="https://one-more.example", mode="test")
    assert code(full) == (409, "origins_too_many")


async def test_raw_cards_are_let_in_by_two_people_and_ended_by_one(at: Setting) -> None:
    ada, bob = at.staff.person("admin"), at.staff.person("admin", subject="sub-bob")
    path = f"{PATH}/{at.mine}/raw_cards"
    assert (await ada.act(path, "k0", "a try", mode="test", is_enabled=True)).status == 200
    proposed = await ada.act(path, "k1", "SAQ D 2026", mode="live", is_enabled=True)
    assert (proposed.status, proposed.json()["kind"], proposed.json()["mode"]) == (202, "raw_cards", "live")
    assert [one["mode"] for one in (await at.read(path))["data"]] == ["test"]
    approve = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
    assert (await ada.act(approve, "mine")).status == 403
    assert (await bob.act(approve, "yes")).json()["status"] == "executed"
    assert (await ada.act(path, "k2", "no longer", mode="live", is_enabled=False)).status == 200
    decided = (await at.read(path))["data"]
    assert [(one["is_enabled"], one["decided_by"], one["reason"]) for one in decided] == [
        (True, "ada@example.com", "a try"),
        (True, "ada@example.com", "SAQ D 2026"),
        (False, "ada@example.com", "no longer"),
    ]
    assert [action for action, _, _ in await at.acts() if action.endswith("_raw_cards")] == [
        "enable_raw_cards",
        "enable_raw_cards",
        "disable_raw_cards",
    ]
    for role in ("viewer", "support", "finance"):
        refused = await at.staff.person(role).act(path, "k9", mode="live", is_enabled=True)
        assert code(refused) == (403, "permission_missing")


@pytest.mark.parametrize("merchant_id", ["x", "mer_01kab5m5wvfb9v1c2m5hfv0d2e"])
async def test_merchant_that_is_not_there_is_not_found(at: Setting, merchant_id: str) -> None:
    admin = at.staff.person("admin")
    for path in ("", "/keys", "/fee_plans", "/origins", "/raw_cards"):
        assert code(await admin.get(f"{PATH}/{merchant_id}{path}")) == (404, "merchant_not_found")
    for path, fields in (
        ("keys", {"mode": "test"}),
        ("fee_plans", {"currency": "eur", "basis_points": 1}),
        ("origins", {"origin": "https://shop.example", "mode": "test"}),
        ("raw_cards", {"mode": "test", "is_enabled": True}),
        ("raw_cards", {"mode": "live", "is_enabled": True}),
    ):
        key = f"{path}-{fields.get('mode')}"
        reply = await admin.act(f"{PATH}/{merchant_id}/{path}", key, **fields)
        assert code(reply) == (404, "merchant_not_found")
    outcomes = await at.pool.fetch("select distinct outcome from staff.acts")
    assert {row["outcome"] for row in outcomes} <= {"merchant_not_found"}
