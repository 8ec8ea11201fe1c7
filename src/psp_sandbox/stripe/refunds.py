"""Refunds: create, retrieve, update, cancel, list."""

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe import refund_machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.charge_transition import RefundTransition
from psp_sandbox.stripe.currencies import money
from psp_sandbox.stripe.dispute_machine import held_funds
from psp_sandbox.stripe.errors import invalid_request, no_such, refused
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import Expandable, changed_metadata, checked_metadata, read
from psp_sandbox.stripe.wire import Charge, Metadata
from psp_sandbox.stripe.wire_refunds import Refund, RefundReason


class CreateRefund(Expandable, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/refunds: of a payment intent or of a charge; everything that is left of it unless an amount is given."""

    amount: int | None = None
    charge: str | None = None
    metadata: Metadata | str = {}  # noqa: RUF012 - msgspec copies an empty default
    payment_intent: str | None = None
    reason: RefundReason | None = None


class UpdateRefund(Expandable, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/refunds/{id}."""

    metadata: Metadata | str | None = None


class ListRefunds(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/refunds."""

    charge: str | None = None
    payment_intent: str | None = None


def create(call: Call) -> Response:
    """POST /v1/refunds."""
    given = read(call.request, CreateRefund)
    check_expand("refund", given.expand)
    metadata = checked_metadata(given.metadata)
    if given.amount is not None and given.amount < 1:
        raise invalid_request("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    charge = _refundable_charge(call, given)
    left = refund_machine.refundable(charge)
    amount = left if given.amount is None else given.amount
    if left == 0:
        message = f"Charge {charge.id} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    if amount > left:
        message = (
            f"Refund amount ({money(amount, charge.currency)}) is greater than unrefunded amount on charge "
            f"({money(left, charge.currency)})"
        )
        raise refused(message, param="amount")
    facts = refund_machine.RefundFacts(
        refund_id=new_id("re"),
        movement_id=new_id("txn"),
        amount=amount,
        metadata=metadata,
        now=call.store.now(),
        reason=given.reason,
        refunding=call.store.card_of(call.account, charge).refunding,
    )
    return _followed(call, refund_machine.create(charge, facts), given.expand)


def retrieve(call: Call) -> Response:
    """GET /v1/refunds/{id}."""
    given = read(call.request, Expandable)
    check_expand("refund", given.expand)
    return Response(payload=expanded(call.store, call.account, _addressed(call), given.expand))


def update(call: Call) -> Response:
    """POST /v1/refunds/{id}: its metadata."""
    given = read(call.request, UpdateRefund)
    check_expand("refund", given.expand)
    refund = _addressed(call)
    metadata = changed_metadata(refund.metadata, given.metadata)
    return _followed(call, refund_machine.describe(refund, metadata), given.expand)


def cancel(call: Call) -> Response:
    """POST /v1/refunds/{id}/cancel, while it is pending."""
    given = read(call.request, Expandable)
    check_expand("refund", given.expand)
    refund = _addressed(call)
    if refund.status not in refund_machine.PENDING:
        raise refused(f"You cannot cancel this refund because it has a status of {refund.status}.")
    charge = call.store.charge(call.account, refund.charge)
    canceled = refund_machine.cancel(refund, charge, movement_id=new_id("txn"), now=call.store.now())
    return _followed(call, canceled, given.expand)


def list_refunds(call: Call) -> Response:
    """GET /v1/refunds, of one charge, of one payment intent or of all."""
    given = read(call.request, ListRefunds)
    paths = data_paths("refund", given.expand)
    store, account = call.store, call.account
    if given.charge is not None:
        refunds = iter(store.refunds_of(account, given.charge))
    elif given.payment_intent is not None:
        refunds = iter(
            refund
            for charge in store.charges_of(account, given.payment_intent)
            for refund in store.refunds_of(account, charge.id)
        )
    else:
        refunds = store.refunds.newest_first(account)
    found = page(
        refunds, given, url="/v1/refunds", show=lambda refund: expanded(store, account, refund, paths)
    )
    return Response(payload=found)


def _followed(call: Call, transition: RefundTransition, paths: list[str]) -> Response:
    """The refund after the transition."""
    call.store.apply_to_charge(call.caller, transition)
    return Response(payload=expanded(call.store, call.account, transition.refund, paths))


def _addressed(call: Call) -> Refund:
    refund = call.store.refunds.get(call.account, call.named)
    if refund is None:
        raise no_such("refund", call.named, param="id")
    return refund


def _refundable_charge(call: Call, given: CreateRefund) -> Charge:
    """The charge to refund. Raises Refusal: there is none, it took nothing, or a dispute has the money."""
    if given.charge is not None and given.payment_intent is not None:
        raise invalid_request("You may only specify one of these parameters: charge, payment_intent.")
    if given.payment_intent is not None:
        intent = call.store.intents.get(call.account, given.payment_intent)
        if intent is None:
            raise no_such("payment_intent", given.payment_intent[:100], param="payment_intent")
        attempts = call.store.charges_of(call.account, intent.id)
        charge = next((attempt for attempt in attempts if attempt.captured), None)
        intent_id = intent.id
    elif given.charge is not None:
        charge = call.store.charges.get(call.account, given.charge)
        if charge is None:
            raise no_such("charge", given.charge[:100], param="charge")
        intent_id = charge.payment_intent
    else:
        raise invalid_request("Missing required param: charge.", param="charge", code="parameter_missing")
    if charge is None or not charge.captured:
        message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
        raise refused(message)
    if any(map(held_funds, call.store.disputes_of(call.account, charge.id))):
        message = f"Charge {charge.id} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    return charge
