"""An e-mail address that the PSP refuses costs the receipt, never the payment."""

from collections.abc import Sequence

import pytest

from fincore.domain.events import EventType, ReceiptOmitted
from fincore.domain.ids import stream_of
from fincore.domain.outcome import Retryable
from fincore.write.queue.job_payloads import authorize_job
from fixtures.scripted_psp import NOON, Line, ScriptedPsp, approve, decline, lost_after, lost_before
from fixtures.worker_harness import harness_in_memory

ADDRESS = "ada@example..com"
BUSY = Retryable(reason="429: too many requests")


def disliking(*script: Line) -> ScriptedPsp:
    psp = ScriptedPsp(*script)
    psp.refused_address = ADDRESS
    return psp


@pytest.mark.parametrize(
    ("script", "history"),
    [
        ([approve], ["charge.captured"]),
        ([decline], ["charge.failed"]),
        ([BUSY], ["charge.captured"]),
        ([lost_before], ["charge.outcome_unknown", "charge.captured"]),
        ([lost_after], ["charge.outcome_unknown", "charge.captured"]),
    ],
    ids=["approved", "declined", "busy", "lost before", "lost after"],
)
async def test_payment_goes_on_without_the_refused_receipt(
    script: Sequence[Line], history: list[EventType]
) -> None:
    psp = disliking(*script)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(customer_email=ADDRESS)
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.receipt_omitted", *history]
        assert await harness.held() == []
        assert (await harness.state(charge_id)).customer_email == ADDRESS
    keys = [request.idempotency_key for request in psp.requests]
    assert keys[0] == f"{charge_id}:authorize:1"
    assert set(keys[1:]) == {f"{charge_id}:authorize:1:no_receipt"}
    assert [request.customer_email for request in psp.requests] == [ADDRESS, *[None] * (len(keys) - 1)]
    assert psp.charges_made == ("charge.captured" in history)


async def test_janitor_repeating_call_omits_receipt_again() -> None:
    psp = disliking(lost_before)
    psp.loses_first = True
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(customer_email=ADDRESS)
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.outcome_unknown",
            "charge.receipt_omitted",
            "charge.captured",
        ]
    assert psp.charges_made == 1


async def test_worker_killed_after_omitting_receipt_calls_without_it() -> None:
    psp = disliking()
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(customer_email=ADDRESS, jobs=())
        omitted = ReceiptOmitted(reason="Refused.", occurred_at=NOON)
        await harness.append(charge_id, omitted, version=1, jobs=(authorize_job(charge_id),))
        await harness.idle()
        assert (await harness.history(charge_id))[1:] == ["charge.receipt_omitted", "charge.captured"]
    (request,) = psp.requests
    assert (request.idempotency_key, request.customer_email) == (f"{charge_id}:authorize:1:no_receipt", None)


async def test_two_jobs_at_once_leave_it_out_once_and_charge_once() -> None:
    psp = disliking()
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(customer_email=ADDRESS, jobs=())
        for _ in range(5):
            await harness.put(authorize_job(charge_id))
        await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.receipt_omitted",
            "charge.captured",
        ]
        reason = (await harness.log.load(stream_of(charge_id)))[1].event
    assert isinstance(reason, ReceiptOmitted)
    assert reason.reason == "the PSP does not write to this address"
    assert psp.charges_made == 1
