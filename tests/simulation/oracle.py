"""What must be true, from the PSP's records and the merchant's requests, with none of FinCore's rules.

`at_any_time` holds between any two steps. `at_rest` holds when everything has been told and done. Each finding is a
sentence; an empty list is the good news.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.dispute import Dispute
from fincore.domain.events import (
    CancelFailed,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    ChargeCreated,
    ChargeEvent,
    RefundRequested,
    ReviewDecided,
)
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.refund import Refund
from fincore.read.ledger.entry import Movement, entry_of
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.operation import OperationCommand
from fincore.write.payments.operation_request import CaptureRequest as CaptureWish
from fincore.write.payments.operation_request import RefundRequest as RefundWish
from fincore.write.psp.port import CancelRequest, CaptureRequest
from fixtures.scripted_psp import PAYPAL
from simulation.merchant import WISH, Wish
from simulation.psp_model import Nature
from simulation.psp_records import Payment, PspDispute, PspRefund
from simulation.queue_model import QueuedJob
from simulation.world import World

STATUS_OF: Final[Mapping[str, str]] = {
    "requires_action": "requires_action",
    "approved": "requires_action",
    "processing": "processing",
    "authorized": "authorized",
    "captured": "succeeded",
    "declined": "failed",
    "canceled": "canceled",
    "expired": "expired",
}
"""What a payment is at the PSP -> what the charge must be."""


def at_any_time(world: World) -> list[str]:
    """What breaks an invariant that knows no excuse."""
    payments = _payments(world)
    # A call that was on its way for longer than any PSP lets it is inferred never to have happened.
    is_inferred_wrongly = world.psps.nature == "wild"
    return [
        *world.psps.complaints,
        *world.raised,
        *_one_payment_at_each_psp(payments),
        *(() if is_inferred_wrongly else _charged_once(payments)),
        *_one_refund_per_refund(payments),
        *(finding for charge_id, charge in world.charges().items() for finding in _bounds(charge_id, charge)),
        *_somebody_is_at_it(world),
        *_refused_by_the_psp(world),
        *_as_it_was_wished(world),
        *_nothing_taken_before_approval(world),
        *(finding for wish in world.merchant.wishes for finding in _one_answer(wish)),
    ]


def at_rest(world: World) -> list[str]:
    """What differs between FinCore and the world around it, once there is nothing left to tell.

    Without webhooks it cannot be known what the PSP did by itself to a payment that had ended: such are left out.
    """
    charges, payments, psps = world.charges(), _payments(world), world.psps
    return [
        *at_any_time(world),
        *_charged_once(payments),
        *held_without_good_reason(world),
        *_wishes_came_true(world.merchant.wishes, world.history()),
        *(
            finding
            for charge_id, charge in charges.items()
            for finding in _as_at_the_psp(charge_id, charge, payments.get(charge_id, []), psps.nature)
        ),
        *(_books(world) if psps.tells else ()),
    ]


def held_without_good_reason(world: World) -> list[str]:
    """Jobs that a person is asked about for no reason a person could do anything about.

    The PSP of the simulation is never at odds with itself, so nothing may look as if it were.
    """
    return [
        f"{job} is held: {job.held}"
        for job in world.queue.held
        if not job.held or "compare the charge" in job.held or "no such" in job.held
    ]


def _payments(world: World) -> dict[ChargeId, list[Payment]]:
    found: dict[ChargeId, list[Payment]] = {}
    for payment in world.psps.payments.values():
        found.setdefault(payment.charge_id, []).append(payment)
    return found


# --- at any time


def _one_payment_at_each_psp(payments: Mapping[ChargeId, Sequence[Payment]]) -> Iterator[str]:
    for charge_id, made in payments.items():
        for psp, count in Counter(payment.psp for payment in made).items():
            if count > 1:
                yield f"{charge_id}: {count} payments were made at {psp}"


def _charged_once(payments: Mapping[ChargeId, Sequence[Payment]]) -> Iterator[str]:
    """At most one attempt has money that was not given back."""
    for charge_id, made in payments.items():
        paid = [payment.psp for payment in made if payment.has_money]
        if len(paid) > 1:
            yield f"{charge_id}: charged at {paid}"


def _one_refund_per_refund(payments: Mapping[ChargeId, Sequence[Payment]]) -> Iterator[str]:
    times = Counter(
        refund.refund_id
        for made in payments.values()
        for payment in made
        for refund in payment.refunds.values()
        if refund.refund_id is not None
    )
    for refund_id, count in times.items():
        if count > 1:
            yield f"{refund_id}: {count} refunds were made at the PSP"


def _bounds(charge_id: ChargeId, charge: Charge) -> Iterator[str]:
    asked = sum(
        refund.amount_minor
        for refund in charge.refunds
        if refund.origin == "merchant" and refund.status != "failed"
    )
    if asked > charge.captured_minor:
        yield f"{charge_id}: merchants may get {asked} refunded of {charge.captured_minor}"
    if not 0 <= charge.captured_minor <= charge.amount.amount_minor:
        yield f"{charge_id}: captured {charge.captured_minor} of {charge.amount}"


def _somebody_is_at_it(world: World) -> Iterator[str]:
    """A charge that waits for the PSP, for a customer or for the end of a hold has a job that polls it."""
    at_work = {(job.kind, *_named_by(job)) for job in world.queue.jobs}
    for charge_id, charge in world.charges().items():
        wanted: list[tuple[str, str, str]] = [
            ("attempt.reverse", charge_id, str(attempt.number))
            for attempt in charge.abandoned_attempts
            if attempt.has_money
        ]
        wanted += [(kind, charge_id, "") for kind in _jobs_wanted(charge)]
        for refund in charge.refunds:
            if refund.status == "pending" or (refund.status == "processing" and refund.unknown_since):
                wanted.append(("refund.resolve", charge_id, refund.refund_id))
            elif refund.status == "processing":
                wanted.append(("refund.send", charge_id, refund.refund_id))
        for one in wanted:
            if one not in at_work:
                yield f"{charge_id} is {charge.status}, and nobody does {one[0]} {one[2]}"


def _jobs_wanted(charge: Charge) -> Iterator[str]:
    if charge.pending_until is not None:
        yield "charge.follow"
    elif charge.operation is not None:
        yield "charge.resolve" if charge.unknown_since else f"charge.{charge.operation.kind}"
    if charge.status in ("requires_action", "authorized"):
        yield "charge.follow"
    if charge.status == "authorized" and charge.is_under_review:
        yield "charge.review"


def _named_by(job: QueuedJob) -> tuple[str, str]:
    """The charge of a job, and the refund or the abandoned attempt."""
    named: dict[str, str | int] = msgspec.json.decode(job.payload)
    attempt = named.get("attempt", "") if job.kind == "attempt.reverse" else ""
    return str(named.get("charge_id", "")), str(named.get("refund_id", attempt))


def _refused_by_the_psp(world: World) -> Iterator[str]:
    """No more captures and cancellations failed by the PSP's word than it has refused."""
    for charge_id, events in world.history().items():
        for failed, request in ((CaptureFailed, CaptureRequest), (CancelFailed, CancelRequest)):
            told = sum(
                isinstance(one.event, failed) and one.event.code == "psp_rejected_request" for one in events
            )
            refused = world.psps.times_refused(charge_id, request)
            if told > refused:
                yield f"{charge_id}: {failed.__name__} {told} times, the PSP refused {refused}"


def _as_it_was_wished(world: World) -> Iterator[str]:
    """The PSP was asked for what the merchant named, and no other amounts."""
    named: dict[str, set[int | None]] = {}
    for wish in world.merchant.wishes:
        request = wish.command.request
        if isinstance(request, ChargeRequest):
            named.setdefault(f"charge {wish.made}", set()).add(request.amount_minor)
        elif isinstance(wish.command, OperationCommand) and isinstance(request, CaptureWish):
            named.setdefault(f"capture {wish.command.charge_id}", set()).add(request.amount_minor)
        elif isinstance(request, RefundWish) and request.amount_minor is not None:
            named.setdefault(f"refund {wish.made}", set()).add(request.amount_minor)
    for payment in world.psps.payments.values():
        whole_minor = payment.money.amount_minor
        asked = [(f"charge {payment.charge_id}", whole_minor)]
        asked += [
            (f"refund {one.refund_id}", one.amount_minor) for one in payment.refunds.values() if one.refund_id
        ]
        for what, minor in asked:
            if minor not in named.get(what, {minor}):
                yield f"{what}: the PSP was asked for {minor}, the merchant named {named[what]}"
        for minor in world.psps.captures_asked(payment.charge_id):
            wanted = named.get(f"capture {payment.charge_id}", set())
            is_reviewed = was_approved(world.history()[payment.charge_id])
            if minor not in wanted and not (minor == whole_minor and (None in wanted or is_reviewed)):
                yield f"{payment.charge_id}: a capture of {minor}, the merchant named {wanted}"


def was_approved(events: Sequence[RecordedEvent[ChargeEvent]]) -> bool:
    return any(isinstance(one.event, ReviewDecided) and one.event.decision == "approved" for one in events)


def _nothing_taken_before_approval(world: World) -> Iterator[str]:
    """No PSP was asked to take the money of a charge that was sent to review, and not approved."""
    for charge_id, charge in world.charges().items():
        if charge.risk is None or charge.risk.decision != "review":
            continue
        if world.psps.was_asked_to_take(charge_id):
            yield f"{charge_id} is under review, and a PSP was asked to take the money at once"
        if world.psps.captures_asked(charge_id) and not was_approved(world.history()[charge_id]):
            yield f"{charge_id} was captured, and its review was not approved"


def _one_answer(wish: Wish) -> Iterator[str]:
    if len(set(wish.answers)) > 1:
        yield f"{wish.key}: got {len(set(wish.answers))} different answers"


# --- at rest


def _wishes_came_true(
    wishes: Sequence[Wish], history: Mapping[ChargeId, Sequence[RecordedEvent[ChargeEvent]]]
) -> Iterator[str]:
    """What was answered exists, and nothing exists twice or without having been asked for."""
    made = Counter(key for events in history.values() for recorded in events for key in _wish_of(recorded))
    asked = Counter(
        (charge_id, type(recorded.event))
        for charge_id, events in history.items()
        for before, recorded in pairwise(events)
        if _is_asked_by_merchant(events, before.event, recorded.event)
    )
    answered: Counter[tuple[ChargeId, type]] = Counter()
    for wish in wishes:
        match wish.kind:
            case "charge" | "refund":
                if made[wish.key] != bool(wish.answers):
                    yield f"{wish.key}: made {made[wish.key]} times, answered with {wish.made}"
            case _ if wish.answers:
                event = CaptureRequested if wish.kind == "capture" else CancelRequested
                answered[ChargeId(wish.made or ""), event] += 1
    if asked != answered:
        yield f"operations asked for {asked}, answered {answered}"


def _is_asked_by_merchant(
    events: Sequence[RecordedEvent[ChargeEvent]], before: ChargeEvent, event: ChargeEvent
) -> bool:
    """Whether a capture or cancellation is neither FinCore's own nor what follows from a decision of staff."""
    born = events[0].event
    takes_at_once = isinstance(born, ChargeCreated) and born.capture_method == "automatic"
    if isinstance(event, CaptureRequested):
        return not (takes_at_once and isinstance(before, ReviewDecided))
    return isinstance(event, CancelRequested) and event.reason not in ("abandoned", "fraudulent")


def _wish_of(recorded: RecordedEvent[ChargeEvent]) -> Iterator[str]:
    if isinstance(recorded.event, ChargeCreated | RefundRequested) and WISH in recorded.event.metadata:
        yield recorded.event.metadata[WISH]


def _as_at_the_psp(
    charge_id: ChargeId, charge: Charge, payments: Sequence[Payment], nature: Nature
) -> Iterator[str]:
    payment = next((one for one in payments if one.psp == charge.psp), None)
    for other in payments:
        if other is not payment and other.has_money:
            yield f"{charge_id} is at {charge.psp}, and {other.psp} has money of it"
    for attempt in charge.abandoned_attempts:
        if attempt.has_money:
            yield f"{charge_id}: attempt {attempt.number} keeps {attempt.money_minor}"
    webhooks_arrive = nature != "silent"
    state = payment.state if payment else "declined"
    if charge.status not in _statuses(payment, nature, may_be_canceled=charge.cancels_requested > 0):
        yield f"{charge_id} is {charge.status}, at the PSP it is {state}"
    if state != "processing" and (charge.operation or charge.unknown_since):
        yield f"{charge_id}: a {charge.operation} is pending, unknown since {charge.unknown_since}"
    for what, known_minor, truth_minor in _amounts(charge, payment, webhooks_arrive=webhooks_arrive):
        if known_minor != truth_minor:
            yield f"{charge_id}: {what} {known_minor}, at the PSP {truth_minor}"
    at_psp = {one.reference: one for one in payment.refunds.values()} if payment else {}
    yield from _refunds_as_at_the_psp(charge_id, charge, at_psp, webhooks_arrive=webhooks_arrive)
    disputes = payment.disputes if payment else {}
    if webhooks_arrive:
        yield from _disputes_as_at_the_psp(charge_id, charge, disputes)


def _statuses(payment: Payment | None, nature: Nature, *, may_be_canceled: bool) -> set[str]:
    """What the charge may be. Ends without money do not contradict each other: the first that is heard of stays.

    `may_be_canceled`: its cancellation was asked for, and a payment that lapses meanwhile counts as canceled by that.
    """
    if payment is None:
        return {"failed"}
    ends = payment.ends if payment.state in payment.ends else {payment.state}
    found = {STATUS_OF[end] for end in ends}
    if nature == "wild" and payment.state in ("requires_action", "canceled", "expired"):
        # It was given up for never made before it was made, and has taken nothing.
        found.add("failed")
    if payment.psp == PAYPAL and payment.state in ("requires_action", "approved", "expired"):
        # Its id or its completion was lost, which took nothing: it lapses by itself.
        found.add("failed")
    if may_be_canceled and payment.state == "expired":
        found.add("canceled")
    return found


def _amounts(
    charge: Charge, payment: Payment | None, *, webhooks_arrive: bool
) -> Iterator[tuple[str, int, int]]:
    """What is compared, in minor units: its name, what FinCore knows, what is true."""
    yield "captured", charge.captured_minor, payment.captured_minor if payment else 0
    if payment and payment.state == "authorized":
        yield "held", charge.authorized_minor, payment.money.amount_minor
    fee_minor = charge.fee.amount_minor if charge.fee else 0
    if webhooks_arrive or fee_minor:
        yield "fee", fee_minor, payment.fee_minor if payment else 0
    if webhooks_arrive:
        yield "refundable", charge.refundable_minor, payment.left_minor if payment else 0


def _refunds_as_at_the_psp(
    charge_id: ChargeId, charge: Charge, at_psp: Mapping[PspReference, PspRefund], *, webhooks_arrive: bool
) -> Iterator[str]:
    ours = {one.refund_id: one for one in at_psp.values() if one.refund_id is not None}
    for refund in charge.refunds:
        truth = ours.get(refund.refund_id) or at_psp.get(refund.psp_reference or PspReference(""))
        yield from _refund_as_at_the_psp(refund, truth, webhooks_arrive=webhooks_arrive)
    known = {refund.refund_id for refund in charge.refunds}
    for refund_id in ours.keys() - known:
        yield f"{charge_id}: the PSP made {refund_id}, which nobody asked for"
    references = [refund.psp_reference for refund in charge.refunds if refund.psp_reference]
    if len(references) != len(set(references)):
        yield f"{charge_id}: a refund of the PSP counts twice"
    if webhooks_arrive and (missing := at_psp.keys() - set(references)):
        yield f"{charge_id}: does not know the refunds {sorted(missing)}"
    given_back = sum(one.amount_minor for one in at_psp.values() if one.state == "succeeded")
    if webhooks_arrive and charge.refunded_minor != given_back:
        yield f"{charge_id}: refunded {charge.refunded_minor}, at the PSP {given_back}"


def _refund_as_at_the_psp(refund: Refund, truth: PspRefund | None, *, webhooks_arrive: bool) -> Iterator[str]:
    state = truth.state if truth else "failed"
    if refund.status == state and (truth is None or refund.amount_minor == truth.amount_minor):
        return
    if truth is not None and not webhooks_arrive and state == "failed" and refund.status == "succeeded":
        # It came back from the customer's bank, without a report.
        return
    yield f"{refund.refund_id} is {refund.status} over {refund.amount_minor}, at the PSP {state}"


def _disputes_as_at_the_psp(
    charge_id: ChargeId, charge: Charge, disputes: Mapping[PspReference, PspDispute]
) -> Iterator[str]:
    known = {dispute.psp_reference for dispute in charge.disputes}
    if known != disputes.keys() or len(known) != len(charge.disputes):
        yield f"{charge_id}: knows the disputes {sorted(known)}, at the PSP are {sorted(disputes)}"
        return
    for dispute in charge.disputes:
        yield from _dispute_as_at_the_psp(dispute, disputes[dispute.psp_reference])


def _dispute_as_at_the_psp(dispute: Dispute, truth: PspDispute) -> Iterator[str]:
    moved = dispute.moved_in(dispute.currency)
    known = (
        dispute.status,
        dispute.is_inquiry,
        moved.withdrawn_minor,
        moved.withdrawn_fee_minor,
        moved.reinstated_minor,
        moved.reinstated_fee_minor,
        moved.held_minor - moved.released_minor,
    )
    at_psp = (
        truth.status,
        truth.is_inquiry,
        truth.withdrawn_minor,
        truth.withdrawn_fee_minor,
        truth.reinstated_minor,
        truth.reinstated_fee_minor,
        truth.held_minor,
    )
    if known != at_psp:
        yield f"{dispute.dispute_id} is {known}, at the PSP {at_psp}"


def _books(world: World) -> Iterator[str]:
    """The books say of the PSP what the PSP says of itself, and of the platform's fees what was agreed."""
    clearing_minor = held_minor = 0
    for charge_id, events in world.history().items():
        earned_minor = 0
        for recorded in events:
            entry = entry_of(recorded.event)
            for movement in entry.movements if entry else ():
                if "suspense" in (movement.debit.code, movement.credit.code):
                    yield f"{recorded.event} is in suspense"
                clearing_minor += _to(movement, "psp_clearing")
                held_minor += _to(movement, "psp_held")
                earned_minor -= _to(movement, "platform_fees")
        charge = world.charges()[charge_id]
        captured_minor = sum(
            one.captured_minor
            for one in world.psps.payments.values()
            if (one.charge_id, one.psp) == (charge_id, charge.psp)
        )
        if earned_minor != (agreed_minor := _agreed_minor(charge, captured_minor)):
            yield f"{charge_id}: the books say a platform fee of {earned_minor}, agreed were {agreed_minor}"
    owed_minor = sum(payment.net_minor for payment in world.psps.payments.values())
    aside_minor = sum(payment.held_minor for payment in world.psps.payments.values())
    if (clearing_minor + held_minor, held_minor) != (owed_minor, aside_minor):
        yield (
            f"the PSPs owe us {owed_minor}, of which {aside_minor} put aside; "
            f"the books say {clearing_minor + held_minor} and {held_minor}"
        )


def _to(movement: Movement, code: str) -> int:
    """What a movement adds to an account as a debit; a credit is negative."""
    return movement.amount_minor * ((movement.debit.code == code) - (movement.credit.code == code))


def _agreed_minor(charge: Charge, captured_minor: int) -> int:
    """The platform's fee for what the PSP took, under the plan that the charge was made under."""
    plan = charge.fee_plan
    if plan is None or captured_minor == 0:
        return 0
    share = Decimal(captured_minor * plan.basis_points) / 10_000
    return min(int(share.quantize(Decimal(1), ROUND_HALF_UP)) + plan.fixed_minor, captured_minor)
