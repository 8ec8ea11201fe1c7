"""Refunds that staff make over HTTP: once for a dialog, alone within limits, else by a second person."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

import pytest

from fincore.bootstrap.staff_act_services import ActLimits
from fincore.bootstrap.staff_application import StaffOptions
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, new_merchant_id, stream_of
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.staff_server import StaffClient, StaffServer, serving_staff

LIMITS: Final = ActLimits(refunds=(OnePersonLimit(Currency("usd"), 1_000, 1_500),))


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def staff(api: Api) -> AsyncIterator[StaffServer]:
    async with serving_staff(api, options=StaffOptions(limits=LIMITS)) as staff:
        yield staff


@pytest.fixture
def lea(staff: StaffServer) -> StaffClient:
    return staff.person("support", subject="sub-lea")


@pytest.fixture
def max_(staff: StaffServer) -> StaffClient:
    return staff.person("finance", subject="sub-max")


async def refund(
    person: StaffClient, charge_id: str, key: str, amount_minor: int, refund_reason: str | None = None
) -> Reply:
    return await person.act(
        f"/staff/v1/charges/{charge_id}/refunds", key, amount_minor=amount_minor, refund_reason=refund_reason
    )


async def refunded_minor(api: Api, charge_id: str) -> int:
    return sum(one.amount_minor for one in (await api.folded(charge_id)).refunds)


async def test_refund_names_staff_and_no_person_to_the_merchant(
    api: Api, lea: StaffClient, pool: Pool
) -> None:
    charge_id = await api.paid()
    reply = await refund(lea, charge_id, "one", 500, refund_reason="duplicate")
    assert (reply.status, reply.json()["origin"], reply.json()["amount_minor"]) == (201, "staff", 500)
    seen = await api.get(f"/v1/refunds/{reply.json()['id']}")
    assert (seen.json()["origin"], seen.json()["reason"]) == ("staff", "duplicate")
    assert b"lea" not in seen.body
    assert b"asked by phone" not in seen.body
    row = await pool.fetchrow(
        "select metadata::text as metadata from eventstore.events where stream_id = $1 and type = 'refund.requested'",
        stream_of(ChargeId(charge_id)),
    )
    assert row is not None
    told = json.loads(row["metadata"])
    assert (told["actor"], told["by"], told["reason"]) == (
        "staff:sub-lea",
        "lea@example.com",
        "asked by phone",
    )


async def test_double_click_and_lost_answer_refund_once(api: Api, lea: StaffClient) -> None:
    charge_id = await api.paid()
    replies = await asyncio.gather(*(refund(lea, charge_id, "dialog", 500) for _ in range(5)))
    again = await refund(lea, charge_id, "dialog", 500)
    assert {reply.status for reply in (*replies, again)} == {201}
    assert len({reply.body for reply in (*replies, again)}) == 1
    assert await refunded_minor(api, charge_id) == 500
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_refund_is_made_once_after_its_key_is_forgotten(
    api: Api, lea: StaffClient, owner_pool: Pool
) -> None:
    charge_id = await api.paid()
    first = await refund(lea, charge_id, "dialog", 500)
    await owner_pool.execute("delete from eventstore.idempotency_keys")
    async with serving_staff(api, options=StaffOptions(limits=LIMITS)) as restarted:
        again = await refund(restarted.person("support", subject="sub-lea"), charge_id, "dialog", 500)
    assert (again.status, again.json()["id"]) == (201, first.json()["id"])
    assert await refunded_minor(api, charge_id) == 500


async def test_two_dialogs_refund_twice_within_what_is_left(api: Api, lea: StaffClient) -> None:
    charge_id = await api.paid(amount_minor=800)
    replies = [await refund(lea, charge_id, key, 500) for key in ("one", "two")]
    assert replies[0].status == 201
    assert replies[1].problem() == (422, "refund_amount_too_large", "amount_minor")
    assert await refunded_minor(api, charge_id) == 500


async def test_key_of_a_person_is_no_key_of_a_merchant_or_another(
    api: Api, lea: StaffClient, max_: StaffClient
) -> None:
    charge_id = await api.paid()
    replies = [
        await refund(lea, charge_id, "k", 100),
        await refund(max_, charge_id, "k", 100),
        await api.post("/v1/refunds", "k", {"charge": charge_id, "amount_minor": 100}),
    ]
    assert {reply.status for reply in replies} == {201}
    assert await refunded_minor(api, charge_id) == 300
    reused = await refund(lea, charge_id, "k", 101)
    assert reused.problem()[:2] == (422, "idempotency_key_reused")


async def test_amount_above_the_limit_waits_for_a_second_person(
    api: Api, lea: StaffClient, max_: StaffClient
) -> None:
    charge_id = await api.paid()
    reply = await refund(lea, charge_id, "big", 1_001)
    assert (reply.status, reply.json()["status"]) == (202, "proposed")
    assert "10.01 USD is more than the 10.00 USD" in reply.json()["needed_because"]
    assert await refunded_minor(api, charge_id) == 0
    again = await refund(lea, charge_id, "big", 1_001)
    assert (again.body, again.headers["Idempotent-Replayed"]) == (reply.body, "true")
    path = f"/staff/v1/proposals/{reply.json()['id']}"
    assert (await lea.act(f"{path}/approve", "mine")).problem()[:2] == (403, "permission_missing")
    approved = await max_.act(f"{path}/approve", "yes", "checked with the warehouse")
    assert (approved.status, approved.json()["status"]) == (200, "executed")
    assert await refunded_minor(api, charge_id) == 1_001
    (made,) = (await api.folded(charge_id)).refunds
    assert (made.refund_id, made.origin) == (approved.json()["result"], "staff")
    replay = await max_.act(f"{path}/approve", "yes", "checked with the warehouse")
    assert replay.body == approved.body
    other = await max_.act(f"{path}/approve", "other", "once more")
    assert other.problem()[:2] == (409, "proposal_not_open")
    assert await refunded_minor(api, charge_id) == 1_001


async def test_day_limit_counts_all_charges_of_a_person(api: Api, lea: StaffClient) -> None:
    first, second = await api.paid("a"), await api.paid("b")
    assert (await refund(lea, first, "1", 1_000)).status == 201
    over = await refund(lea, second, "2", 501)
    assert over.status == 202
    assert "it would be 15.01 USD today" in over.json()["needed_because"]
    assert (await lea.act(f"/staff/v1/proposals/{over.json()['id']}/withdraw", "back")).status == 200
    assert (await refund(lea, second, "3", 500)).status == 201


async def test_what_waits_counts_for_the_day_of_its_proposer(
    api: Api, lea: StaffClient, max_: StaffClient
) -> None:
    """Declined, it counts no more; and it was never that of the second person."""
    first, second = await api.paid("a"), await api.paid("b")
    waiting = (await refund(lea, first, "1", 1_200)).json()
    preview = await lea.get(f"/staff/v1/charges/{second}/refund_preview?amount_minor=400")
    assert preview.json()["limit"]["used_today_minor"] == 1_200
    assert (await refund(lea, second, "2", 400)).status == 202
    assert (await refund(max_, second, "2", 400)).status == 201
    decline = f"/staff/v1/proposals/{waiting['id']}/decline"
    assert (await max_.act(decline, "no", "not agreed")).status == 200
    assert (await refund(lea, second, "3", 400)).status == 201


async def test_second_person_sees_what_else_was_proposed(
    api: Api, lea: StaffClient, max_: StaffClient
) -> None:
    charges = [await api.paid(f"c{number}") for number in range(3)]
    proposals = [
        (await refund(lea, one, f"k{number}", 1_100)).json()["id"] for number, one in enumerate(charges)
    ]

    async def sums(proposal_id: str) -> dict[str, int]:
        shown = await max_.get(f"/staff/v1/proposals/{proposal_id}")
        found: dict[str, int] = shown.json()["proposer_sums"]
        return found

    assert await sums(proposals[2]) == {"waiting_minor": 3_300, "agreed_minor": 0}
    for number in range(2):
        done = await max_.act(f"/staff/v1/proposals/{proposals[number]}/approve", f"a{number}", "seen")
        assert done.json()["status"] == "executed"
    listed = (await max_.get("/staff/v1/proposals?mode=test")).json()["data"]
    assert [one["proposer_sums"] for one in listed] == [{"waiting_minor": 1_100, "agreed_minor": 2_200}] * 3


async def test_racing_refunds_of_a_person_never_pass_the_day_limit(api: Api, staff: StaffServer) -> None:
    """Two processes, ten charges, one person with two roles: what is not within the limit is proposed."""
    charges = [await api.paid(str(number)) for number in range(10)]
    async with serving_staff(api, options=StaffOptions(limits=LIMITS)) as other:
        people = [
            staff.person("support", subject="sub-lea"),
            other.person("finance", "support", subject="sub-lea"),
        ]
        replies = await asyncio.gather(
            *(refund(people[number % 2], charge, str(number), 400) for number, charge in enumerate(charges))
        )
    assert sorted(reply.status for reply in replies) == [201] * 3 + [202] * 7


async def test_approver_cannot_be_the_proposer_in_another_role(api: Api, staff: StaffServer) -> None:
    charge_id = await api.paid()
    both = staff.person("finance", "support", subject="sub-lea")
    reply = await refund(both, charge_id, "big", 1_500)
    path = f"/staff/v1/proposals/{reply.json()['id']}"
    assert (await both.act(f"{path}/approve", "mine")).problem()[:2] == (403, "second_person_needed")
    spelled = staff.person("finance", subject="sub-\uff2c\uff25\uff21")
    assert (await spelled.act(f"{path}/approve", "mine")).problem()[:2] == (403, "second_person_needed")
    assert await refunded_minor(api, charge_id) == 0


async def test_racing_approvers_refund_once(api: Api, lea: StaffClient, staff: StaffServer) -> None:
    charge_id = await api.paid()
    proposal = (await refund(lea, charge_id, "big", 1_500)).json()["id"]
    async with serving_staff(api, options=StaffOptions(limits=LIMITS)) as other:
        people = [
            server.person("finance", subject=f"sub-{number}")
            for number, server in enumerate((staff, other, staff, other))
        ]
        replies = await asyncio.gather(
            *(one.act(f"/staff/v1/proposals/{proposal}/approve", "yes") for one in people)
        )
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    assert await refunded_minor(api, charge_id) == 1_500


async def test_charge_is_compared_again_when_it_is_approved(
    api: Api, lea: StaffClient, max_: StaffClient
) -> None:
    charge_id = await api.paid()
    proposal = (await refund(lea, charge_id, "big", 1_500)).json()["id"]
    await api.post("/v1/refunds", "merchant", {"charge": charge_id, "amount_minor": 1_000})
    path = f"/staff/v1/proposals/{proposal}"
    impossible = await max_.act(f"{path}/approve", "yes")
    assert impossible.problem()[:2] == (409, "act_not_possible")
    assert (await max_.get(path)).json()["status"] == "proposed"
    assert (await max_.act(f"{path}/decline", "no", "refunded already")).json()["status"] == "declined"
    assert (await lea.act(f"{path}/withdraw", "late")).problem()[:2] == (409, "proposal_not_open")
    assert await refunded_minor(api, charge_id) == 1_000


async def test_proposer_alone_withdraws(api: Api, lea: StaffClient, max_: StaffClient) -> None:
    charge_id = await api.paid()
    path = f"/staff/v1/proposals/{(await refund(lea, charge_id, 'big', 1_500)).json()['id']}"
    assert (await max_.act(f"{path}/withdraw", "w")).problem()[:2] == (403, "second_person_needed")
    # The issuer is another: FinCore does not learn what becomes of its people.
    assert (await max_.get(path)).json()["proposer_may"] == "unknown"
    assert (await lea.act(f"{path}/withdraw", "w")).json()["status"] == "withdrawn"
    assert (await max_.act(f"{path}/approve", "a")).problem()[:2] == (409, "proposal_not_open")


async def test_agreed_refund_is_given_up_by_the_permission(
    api: Api, lea: StaffClient, max_: StaffClient, pool: Pool
) -> None:
    charge_id = await api.paid()
    proposal_id = (await refund(lea, charge_id, "big", 1_500)).json()["id"]
    path = f"/staff/v1/proposals/{proposal_id}"
    assert (await max_.act(f"{path}/give_up", "early")).problem()[:2] == (409, "proposal_not_open")
    await pool.execute(
        "insert into staff.proposal_steps (proposal_id, status_before, step, subject, username, counted_for, reason)"
        " values ($1, 'proposed', 'approve', 'sub-max', 'max', 'subject:sub-max', 'yes')",
        proposal_id,
    )
    assert (await lea.act(f"{path}/give_up", "mine")).problem()[:2] == (403, "permission_missing")
    given_up = await max_.act(f"{path}/give_up", "g", "the PSP is away for days")
    assert (given_up.status, given_up.json()["status"]) == (200, "refused")
    assert given_up.json()["result"] == "max@example.com gave it up: the PSP is away for days"
    assert (await max_.act(f"{path}/give_up", "g", "the PSP is away for days")).body == given_up.body
    assert await refunded_minor(api, charge_id) == 0


async def test_preview_says_what_a_refund_would_do(api: Api, lea: StaffClient) -> None:
    charge_id = await api.paid()
    path = f"/staff/v1/charges/{charge_id}/refund_preview"
    whole = (await lea.get(path)).json()
    assert (whole["amount_minor"], whole["left_after_minor"], whole["refusal"]) == (1999, 0, None)
    assert "more than the 10.00 USD" in whole["second_person_because"]
    part = (await lea.get(f"{path}?amount_minor=400")).json()
    assert (part["left_after_minor"], part["second_person_because"]) == (1599, None)
    assert part["limit"] == {"act_minor": 1000, "day_minor": 1500, "used_today_minor": 0}
    too_much = (await lea.get(f"{path}?amount_minor=2000")).json()
    assert (too_much["refusal"]["code"], too_much["left_after_minor"]) == ("refund_amount_too_large", 1999)
    assert (await lea.get(f"{path}?amount_minor=0")).problem() == (400, "parameter_invalid", "amount_minor")
    assert (await lea.get(f"{path}?amount=1")).problem()[:2] == (400, "parameter_unknown")
    assert await refunded_minor(api, charge_id) == 0


async def test_charge_outside_the_scope_is_not_there(api: Api, staff: StaffServer) -> None:
    charge_id = await api.paid()
    for person in (
        staff.person("support", mode="live"),
        staff.person("support", merchant_id=new_merchant_id()),
    ):
        assert (await refund(person, charge_id, "k", 1)).problem()[:2] == (404, "charge_not_found")
    viewer = staff.person("viewer")
    assert (await refund(viewer, charge_id, "k", 1)).problem()[:2] == (403, "permission_missing")
    assert await refunded_minor(api, charge_id) == 0


async def test_reason_is_kept_from_card_numbers_and_blanks(api: Api, lea: StaffClient) -> None:
    charge_id = await api.paid()
    path = f"/staff/v1/charges/{charge_id}/refunds"
    card = await lea.act(path, "k", "card 4242 4242 4242 4242", amount_minor=1)
    assert card.problem() == (422, "card_number_not_allowed", "reason")
    assert (await lea.act(path, "k", " \t", amount_minor=1)).problem() == (422, "field_invalid", "reason")
    assert (await lea.act(path, "k", "x" * 501, amount_minor=1)).problem()[2] == "reason"
    assert await refunded_minor(api, charge_id) == 0
