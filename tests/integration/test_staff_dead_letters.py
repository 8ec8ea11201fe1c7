"""Dead letters and parked streams as people of staff see them and act on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from fincore.domain.outcome import PspAccount
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.merchant_api import serving_api
from fixtures.scripted_psp import STRIPE, ScriptedPsp, lost_after
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.waiting import eventually
from fixtures.worker_harness import HarnessOnPostgres, open_harness

PATH = "/staff/v1/dead_letters"


class Setting(NamedTuple):
    """A server of staff, and a worker beside it."""

    staff: StaffServer
    harness: HarnessOnPostgres
    psp: ScriptedPsp
    pool: Pool

    async def letter(self, event_id: str = "evt_never_came") -> dict[str, Any]:
        """A webhook that cannot be read, held."""
        await self.harness.put(process_webhook_job(STRIPE, PspAccount("test"), event_id))
        await self.harness.idle()
        letters = (await self.staff.person("viewer").get(PATH)).json()["data"]
        return next(one for one in letters if one["psp_event"] == event_id)

    async def acts(self) -> list[tuple[str, str, str]]:
        """What the audit trail has: action, object, reason."""
        return [
            (row["action"], row["object_id"], row["reason"])
            for row in await self.pool.fetch("select * from staff.acts order by act_no")
        ]


@asynccontextmanager
async def setting(pool: Pool) -> AsyncIterator[Setting]:
    psp = ScriptedPsp(lost_after)
    async with (
        serving_api(pool) as api,
        serving_staff(api) as staff,
        open_harness(pool, psp) as harness,
    ):
        yield Setting(staff, harness, psp, pool)


@pytest.fixture
async def at(pool: Pool) -> AsyncIterator[Setting]:
    async with setting(pool) as at:
        yield at


async def test_dead_letter_is_listed_shown_and_replayed_once(at: Setting) -> None:
    letter = await at.letter()
    assert letter | {"id": "", "held_at": "", "job": ""} == {
        "id": "",
        "object": "dead_letter",
        "job": "",
        "kind": "webhook.interpret",
        "attempts": 1,
        "reason": "the inbox has no body of event evt_never_came of stripe: it never arrived, or its retention is over",
        "held_at": "",
        "charge": None,
        "refund": None,
        "attempt": None,
        "checkout_session": None,
        "psp": "stripe",
        "psp_account": "test",
        "psp_event": "evt_never_came",
    }
    one = f"{PATH}/{letter['id']}"
    shown = (await at.staff.person("viewer").get(one)).json()
    assert shown["outlook"]["left_to_do"] == "read_report"
    assert shown["outlook"]["is_discardable"] is True

    ada, bob = at.staff.person("support"), at.staff.person("admin", subject="sub-bob")
    replayed = await ada.act(f"{one}/replay", "k1", "mended")
    assert (replayed.status, replayed.json()["end"]) == (200, "replayed")
    again = await ada.act(f"{one}/replay", "k1", "mended")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    await at.harness.idle()
    second = await bob.act(f"{one}/replay", "k1", "mended too")
    assert (second.status, second.json()["code"]) == (404, "dead_letter_not_found")
    assert await at.acts() == [("replay", letter["job"], "mended")]
    (held_anew,) = (await bob.get(PATH)).json()["data"]
    assert (held_anew["job"], held_anew["id"] == letter["id"]) == (letter["job"], False)


async def test_webhook_that_is_stored_is_discarded_by_two_people(at: Setting) -> None:
    """It may tell of money; a third person sees what it says that it reports."""
    await at.pool.execute(
        "insert into eventstore.inbox (psp, psp_account, psp_event_id, type, body) values ('stripe', 'test', 'evt_odd', 'charge.odd', '{}')"
    )
    letter = await at.letter("evt_odd")
    ada, bob = at.staff.person("support"), at.staff.person("finance", subject="sub-bob")
    shown = (await ada.get(f"{PATH}/{letter['id']}")).json()
    assert shown["outlook"]["discard_is_proposed"] is True
    discard = f"{PATH}/{letter['id']}/discard"
    proposed = await ada.act(discard, "k1", "of another installation")
    assert (proposed.status, proposed.json()["kind"]) == (202, "webhook_discard")
    assert proposed.json()["act"]["report_type"] == "charge.odd"
    assert (await at.staff.person("viewer").get(f"{PATH}/{letter['id']}")).status == 200
    approve = f"/staff/v1/proposals/{proposed.json()['id']}/approve"
    assert (await ada.act(approve, "mine")).status == 403
    assert (await at.staff.person("admin", subject="sub-eve").act(approve, "eve")).status == 403
    assert (await bob.act(approve, "yes")).json()["status"] == "executed"
    assert (await at.staff.person("viewer").get(f"{PATH}/{letter['id']}")).status == 404
    again = await ada.act(discard, "k1", "of another installation")
    assert (again.status, again.body) == (202, proposed.body)


async def test_webhook_replayed_meanwhile_is_not_discarded(at: Setting) -> None:
    await at.pool.execute(
        "insert into eventstore.inbox (psp, psp_account, psp_event_id, type, body) values ('stripe', 'test', 'evt_odd', 'charge.odd', '{}')"
    )
    letter = await at.letter("evt_odd")
    ada, bob = at.staff.person("support"), at.staff.person("finance", subject="sub-bob")
    proposed = (await ada.act(f"{PATH}/{letter['id']}/discard", "k1", "it says nothing")).json()
    await ada.act(f"{PATH}/{letter['id']}/replay", "k2", "mended")
    await at.harness.idle()
    late = await bob.act(f"/staff/v1/proposals/{proposed['id']}/approve", "yes")
    assert late.problem()[:2] == (409, "act_not_possible")
    assert len((await bob.get(PATH)).json()["data"]) == 1


async def test_several_dead_letters_are_replayed_but_for_those_gone(at: Setting) -> None:
    first, second = await at.letter("evt_1"), await at.letter("evt_2")
    ada = at.staff.person("support")
    await ada.act(f"{PATH}/{first['id']}/discard", "k1", "of another installation")
    reply = await ada.act(f"{PATH}/replay", "k2", "mended", ids=[second["id"], first["id"]])
    assert (reply.json()["replayed"], reply.json()["gone"]) == ([second["id"]], [first["id"]])
    assert await at.acts() == [
        ("discard", first["job"], "of another installation"),
        ("replay", "several", "mended"),
    ]
    wrong = await ada.act(f"{PATH}/replay", "k3", ids=["dl_1_*"])
    assert (wrong.status, wrong.json()["code"]) == (422, "field_invalid")


async def test_dead_letter_that_an_outcome_waits_for_is_kept(at: Setting) -> None:
    at.psp.undecided = True
    charge_id = await at.harness.charge()

    async def asked() -> bool:
        return bool(at.psp.inquiries)

    await eventually(asked)
    at.harness.clock.advance(hours=25)
    await at.harness.idle()
    ada = at.staff.person("support")
    (letter,) = (await ada.get(f"{PATH}?kind=charge.resolve")).json()["data"]
    assert letter["charge"] == charge_id
    refused = await ada.act(f"{PATH}/{letter['id']}/discard", "k1")
    assert (refused.status, refused.json()["code"]) == (409, "dead_letter_needed")
    assert "Asks the PSP what became of a call" in refused.json()["detail"]
    assert await at.acts() == []
    at.psp.undecided = False
    calls = len(at.psp.calls)
    await ada.act(f"{PATH}/{letter['id']}/replay", "k2")
    await at.harness.idle()
    assert (await ada.get(PATH)).json()["data"] == []
    assert (await at.harness.state(charge_id)).status == "succeeded"
    assert len(at.psp.calls) == calls


async def test_dead_letters_go_page_by_page(at: Setting) -> None:
    ids = [(await at.letter(f"evt_{number}"))["id"] for number in range(3)]
    viewer = at.staff.person("viewer")
    first = (await viewer.get(f"{PATH}?limit=2")).json()
    assert [one["id"] for one in first["data"]] == [ids[2], ids[1]]
    second = (await viewer.get(f"{PATH}?limit=2&cursor={first['next_cursor']}")).json()
    assert ([one["id"] for one in second["data"]], second["has_more"]) == ([ids[0]], False)


async def test_dead_letters_are_for_people_who_see_everything(at: Setting) -> None:
    letter = await at.letter()
    for person in (
        at.staff.person("support", mode="live"),
        at.staff.person("admin", merchant_id=None, mode="test"),
    ):
        for reply in (
            await person.get(PATH),
            await person.get(f"{PATH}/{letter['id']}"),
            await person.act(f"{PATH}/{letter['id']}/replay", "k1"),
            await person.act(f"{PATH}/{letter['id']}/discard", "k2"),
            await person.get("/staff/v1/parked_streams"),
        ):
            assert (reply.status, reply.json()["code"]) == (403, "permission_missing")
    for role in ("viewer", "finance"):
        refused = await at.staff.person(role).act(f"{PATH}/{letter['id']}/replay", "k1")
        assert refused.status == 403


@pytest.mark.parametrize(
    "letter_id", ["x", "dl_1_", "dl_1_!", "dl_99999999999999999_NA", "dl_1_AA", "dl_1_x"]
)
async def test_id_of_no_dead_letter_is_not_found(at: Setting, letter_id: str) -> None:
    reply = await at.staff.person("viewer").get(f"{PATH}/{letter_id}")
    assert (reply.status, reply.json()["code"]) == (404, "dead_letter_not_found")
