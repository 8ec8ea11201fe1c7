"""The order's machine: from one snapshot to the next, with the payments it makes. Pure.

CREATED or PAYER_ACTION_REQUIRED -> APPROVED -> COMPLETED; APPROVED -> PAYER_ACTION_REQUIRED where the instrument is declined
"""

from collections.abc import Callable

from msgspec.structs import replace

from psp_sandbox.paypal import payment_machine, vault_machine
from psp_sandbox.paypal.change import Change, Effect, EventType, NewEvent
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Authorization, Capture, Instrument, Order, Payer

ORDER_SECONDS = 3 * 3_600
"""How long an order waits for its payer, and then for the merchant to take the payment."""

WAITS_FOR_PAYER = frozenset({"CREATED", "PAYER_ACTION_REQUIRED"})
NewId = Callable[[], str]


def created(order: Order) -> Change:
    """An order that waits for its payer."""
    return Change(
        records=(order,), effects=(Effect("paypal.expire_order", order.id, order.created_at + ORDER_SECONDS),)
    )


def approved(order: Order, *, payer: Payer, instrument: Instrument, now: int) -> Change:
    """The payer agreed: the merchant may take the payment now."""
    after = replace(order, status="APPROVED", payer=payer, instrument=instrument, wallet=True, updated_at=now)
    return Change(
        records=(after,),
        events=(NewEvent("CHECKOUT.ORDER.APPROVED", order.id),),
        effects=(Effect("paypal.expire_order", order.id, now + ORDER_SECONDS),),
    )


def instrument_declined(order: Order, *, now: int) -> Change:
    """The payer's instrument was declined: the payer has to choose another one and approve again."""
    after = replace(
        order,
        status="PAYER_ACTION_REQUIRED",
        instrument=replace(order.instrument, declined_once=False),
        updated_at=now,
    )
    return Change(records=(after,), effects=(Effect("paypal.expire_order", order.id, now + ORDER_SECONDS),))


def expired(order: Order, *, now: int) -> Change:
    """Neither payer nor merchant came in time."""
    return Change(records=(replace(order, status="VOIDED", expired=True, updated_at=now),))


def check_capturable(order: Order) -> None:
    """Raises Refusal: the order is not for capturing, not approved, or captured already."""
    if order.intent != "CAPTURE":
        raise Refusal("ACTION_DOES_NOT_MATCH_INTENT")
    if order.status == "COMPLETED":
        raise Refusal("ORDER_ALREADY_CAPTURED")
    if order.status != "APPROVED":
        raise Refusal("ORDER_NOT_APPROVED")


def check_authorizable(order: Order) -> None:
    """Raises Refusal: the order is not for authorizing, not approved, or authorized already."""
    if order.intent != "AUTHORIZE":
        raise Refusal("ACTION_DOES_NOT_MATCH_INTENT")
    if order.status == "COMPLETED":
        raise Refusal("ORDER_ALREADY_AUTHORIZED")
    if order.status != "APPROVED":
        raise Refusal("ORDER_NOT_APPROVED")


def captured(order: Order, *, new_id: NewId, now: int) -> Change:
    """The money of every purchase unit is taken, or refused: the order is COMPLETED either way."""
    after = replace(order, status="COMPLETED", updated_at=now)
    captures = tuple(payment_machine.capture_of_order(after, unit, new_id(), now=now) for unit in order.units)
    kept = _kept(after, captures, now=now)
    return Change(
        records=(replace(after, saved=bool(kept.records)), *captures, *kept.records),
        events=(*_told(captures), NewEvent("CHECKOUT.ORDER.COMPLETED", order.id), *kept.events),
        effects=tuple(effect for one in captures for effect in payment_machine.effects_of_capture(one)),
    )


def authorized(order: Order, *, new_id: NewId, now: int) -> Change:
    """The money of every purchase unit is held, or refused."""
    after = replace(order, status="COMPLETED", updated_at=now)
    holds = tuple(payment_machine.authorization_of(after, unit, new_id(), now=now) for unit in order.units)
    kept = _kept(after, holds, now=now)
    return Change(
        records=(replace(after, saved=bool(kept.records)), *holds, *kept.records),
        events=(*_told(holds), *kept.events),
        effects=tuple(payment_machine.effect_of_authorization(hold) for hold in holds),
    )


def _kept(order: Order, payments: tuple[Authorization, ...] | tuple[Capture, ...], *, now: int) -> Change:
    """The payment source is kept, where the merchant asked for it and the payment succeeded."""
    token = vault_machine.of_order(order, payments, now=now)
    return Change(records=()) if token is None else vault_machine.made(token)


def _told(payments: tuple[Capture, ...] | tuple[Authorization, ...]) -> tuple[NewEvent, ...]:
    told: dict[tuple[type, str], EventType] = {
        (Capture, "COMPLETED"): "PAYMENT.CAPTURE.COMPLETED",
        (Capture, "DECLINED"): "PAYMENT.CAPTURE.DECLINED",
        (Capture, "PENDING"): "PAYMENT.CAPTURE.PENDING",
        (Authorization, "CREATED"): "PAYMENT.AUTHORIZATION.CREATED",
    }
    found = ((told.get((type(one), one.status)), one.id) for one in payments)
    return tuple(NewEvent(event, object_id) for event, object_id in found if event is not None)
