"""A card typed in on the PSP's page: the payment and what took the money are two objects there, and reports name either, in any order."""

from itertools import permutations

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import CancelRequested
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import Approved, Expired, PspReference, RefundReport, SubReference
from fincore.domain.payment_method import HostedCard
from fincore.domain.requests import request_cancel
from fincore.write.psp.port import AuthorizeRequest, CancelRequest
from fincore.write.queue.job_payloads import cancel_job, poll_job
from fixtures.scripted_psp import NOON, ScriptedPsp, Told, lost_after, payment_at, require_approval
from fixtures.waiting import eventually
from fixtures.worker_harness import HarnessInMemory, harness_in_memory

PART, OTHER_PART = PspReference("part_1"), PspReference("part_2")
USD = Currency("usd")


def paid(charge_id: ChargeId, *, amount_minor: int = 1000, part: PspReference = PART) -> Approved:
    """What the PSP's record of the page shows once its customer has paid."""
    return Approved(
        kind="captured",
        money=Money(amount_minor, USD),
        psp_reference=payment_at(charge_id, "test"),
        occurred_at=NOON,
        sub_references=(SubReference("capture", part),),
    )


async def opened(harness: HarnessInMemory) -> ChargeId:
    """A charge of which the customer was sent to the PSP's page."""
    charge_id = await harness.charge(payment_method=HostedCard(), return_url="https://shop.example/back")
    await harness.idle()
    assert (await harness.state(charge_id)).status == "requires_action"
    return charge_id


async def report(
    harness: HarnessInMemory, charge_id: ChargeId, says: str, payment: PspReference = PART
) -> None:
    """A webhook of the PSP about the page, or about what took the money."""
    await harness.deliver(
        Told(event_id=f"evt_{says}_{payment}", charge_id=charge_id, says=says, payment=payment)
    )


@pytest.mark.parametrize("order", [*permutations(["page", "part", "poll"])])
async def test_page_and_part_capture_once_in_each_order(order: tuple[str, ...]) -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        psp.becomes(charge_id, paid(charge_id))
        for seen in order:
            if seen == "page":
                await report(harness, charge_id, "look", payment_at(charge_id, "test"))
            elif seen == "part":
                await report(harness, charge_id, "captured")
            else:
                await harness.put(poll_job(charge_id, delay_seconds=0.0))
            await harness.idle()
        assert await harness.history(charge_id) == [
            "charge.created",
            "charge.action_required",
            "charge.captured",
        ]
        charge = await harness.state(charge_id)
        assert (charge.psp_reference, charge.latest("capture")) == (payment_at(charge_id, "test"), PART)
        assert await harness.held() == []


async def test_part_reported_before_the_page_is_known_captures() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:

        async def pays_at_once(request: AuthorizeRequest) -> None:
            psp.becomes(request.charge_id, paid(request.charge_id))
            await report(harness, request.charge_id, "captured")
            await eventually(lambda: is_paid(harness, request.charge_id))

        psp.before_answer = pays_at_once
        charge_id = await harness.charge(payment_method=HostedCard(), return_url="https://shop.example/back")
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.psp_reference) == ("succeeded", payment_at(charge_id, "test"))
        assert charge.held_reports == ()


async def test_lost_answer_is_found_by_the_report_of_the_part() -> None:
    psp = ScriptedPsp(lost_after)
    async with harness_in_memory(psp) as harness:
        charge_id = await harness.charge(payment_method=HostedCard())
        psp.becomes(charge_id, paid(charge_id))
        await report(harness, charge_id, "captured")
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.captured_minor) == ("succeeded", 1000)
        assert charge.psp_reference == payment_at(charge_id, "test")


@pytest.mark.parametrize("says", ["captured", "authorized"])
async def test_money_of_a_part_that_the_page_does_not_show_is_held(says: str) -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        await report(harness, charge_id, says, OTHER_PART)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert charge.status == "requires_action"
        assert [one.reason for one in charge.held_reports] == ["psp_reference_differs"]


async def test_second_part_of_a_paid_page_is_held() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        psp.becomes(charge_id, paid(charge_id))
        await report(harness, charge_id, "captured")
        await report(harness, charge_id, "captured", OTHER_PART)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert charge.captured_minor == 1000
        assert [one.reason for one in charge.held_reports] == ["psp_reference_differs"]
        assert (await harness.history(charge_id)).count("charge.captured") == 1


async def test_another_page_of_the_same_charge_is_held() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        await report(harness, charge_id, "look", PspReference("page_2"))
        await harness.idle()
        charge = await harness.state(charge_id)
        assert [one.reason for one in charge.held_reports] == ["psp_reference_differs"]


@pytest.mark.parametrize("says", ["declined", "processing", "canceled"])
async def test_refused_try_leaves_the_page_open(says: str) -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        await report(harness, charge_id, says)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.held_reports) == ("requires_action", ())


async def test_refund_of_a_part_is_counted_after_its_capture() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        psp.becomes(charge_id, paid(charge_id))
        given_back = RefundReport(
            status="succeeded", psp_reference=PspReference("re_1"), money=Money(300, USD), occurred_at=NOON
        )
        told = Told(event_id="evt_1", charge_id=charge_id, says="refund", payment=PART, refund=given_back)
        psp.refunds[given_back.psp_reference] = given_back
        await harness.deliver(told)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.captured_minor, charge.refunded_minor, charge.held_reports) == (1000, 300, ())


async def test_refund_of_a_part_that_the_page_does_not_show_is_held() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        psp.becomes(charge_id, paid(charge_id))
        given_back = RefundReport(
            status="succeeded", psp_reference=PspReference("re_1"), money=Money(300, USD), occurred_at=NOON
        )
        told = Told(
            event_id="evt_1", charge_id=charge_id, says="refund", payment=OTHER_PART, refund=given_back
        )
        await harness.deliver(told)
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.captured_minor, charge.refunded_minor) == (1000, 0)
        assert [one.reason for one in charge.held_reports] == ["psp_reference_differs"]


def expired_page(charge_id: ChargeId) -> Expired:
    """What the PSP keeps of a page that is over: not whether our call ended it."""
    return Expired(reason="abandoned", psp_reference=payment_at(charge_id, "test"), occurred_at=NOON)


def expire_page(request: CancelRequest) -> Expired:
    return expired_page(request.charge_id)


@pytest.mark.parametrize("is_told_first", [True, False])
async def test_page_ended_by_our_call_is_canceled_in_each_order(*, is_told_first: bool) -> None:
    psp = ScriptedPsp(require_approval, cancel=[expire_page])
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        charge = await harness.state(charge_id)
        asked = request_cancel(charge, "requested_by_customer", NOON)
        assert isinstance(asked, CancelRequested)
        await harness.append(charge_id, asked, version=charge.version)
        if is_told_first:
            psp.becomes(charge_id, expired_page(charge_id))
            await report(harness, charge_id, "look", payment_at(charge_id, "test"))
            await harness.idle()
        await harness.put(cancel_job(charge_id))
        await harness.idle()
        assert (await harness.history(charge_id))[-2:] == ["charge.cancel_requested", "charge.canceled"]


async def test_page_that_its_customer_left_expires() -> None:
    psp = ScriptedPsp(require_approval)
    async with harness_in_memory(psp) as harness:
        charge_id = await opened(harness)
        psp.becomes(charge_id, expired_page(charge_id))
        await report(harness, charge_id, "look", payment_at(charge_id, "test"))
        await harness.idle()
        assert (await harness.state(charge_id)).status == "expired"


async def is_paid(harness: HarnessInMemory, charge_id: ChargeId) -> bool:
    return (await harness.state(charge_id)).status == "succeeded"
