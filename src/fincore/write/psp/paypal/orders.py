"""What an order says: its payments first, by the tables of their statuses; its own status only where there are none. Pure.

An order that is COMPLETED has been carried out, and the money may have been refused all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fincore.domain.outcome import (
    ActionRequired,
    Approved,
    Canceled,
    Consented,
    Declined,
    Expired,
    Failure,
    KnownOutcome,
    Pending,
    PspReference,
    SubReference,
    Unknown,
    Unreadable,
)
from fincore.domain.payment_method import Instrument
from fincore.write.psp.paypal import status_tables
from fincore.write.psp.paypal.amounts import Inexpressible, PayPalMoney, from_paypal
from fincore.write.psp.paypal.error_policy import DISCREET_MESSAGE
from fincore.write.psp.paypal.instruments import instrument_of
from fincore.write.psp.paypal.wire import (
    Authorization,
    Capture,
    Order,
    Payments,
    ProcessorResponse,
    SellerBreakdown,
    StatusDetails,
    link,
)
from fincore.write.psp.sanitize import sanitize_code

OrderReading = KnownOutcome | Unreadable
"""What an order says."""

Part = TypeVar("Part", Authorization, Capture)

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


def names(order: Order, charge_id: ChargeId) -> bool:
    """Whether an order carries the charge id that we gave the charge's own."""
    return len(order.purchase_units) == 1 and order.purchase_units[0].custom_id == charge_id


def payments_of(order: Order) -> Payments:
    """All that has become of an order's money."""
    return order.purchase_units[0].payments if order.purchase_units else Payments()


def read_order(order: Order, *, now: datetime) -> OrderReading:
    """What an order says now."""
    if len(order.purchase_units) > 1:
        return Unreadable("PayPal reports an order with several purchase units, which FinCore never makes")
    payments = payments_of(order)
    captures = in_order_of_time(payments.captures)
    states = [status_tables.CAPTURE_STATUSES.get(capture.status) for capture in captures]
    if None in states:
        return Unreadable("PayPal reports a capture with a status that FinCore does not know")
    counting = [
        capture for capture, state in zip(captures, states, strict=True) if state in ("taken", "pending")
    ]
    if len(counting) > 1:
        return Unreadable("PayPal reports several captures of one payment")
    if counting:
        return read_capture(
            counting[0],
            PspReference(order.id),
            before=parts_of(holding(payments.authorizations)),
            instrument=instrument_of(order.payment_source),
            now=now,
        )
    authorizations = holding(payments.authorizations)
    if authorizations:
        return _read_hold(order, authorizations, now)
    if captures:
        return _declined(order, captures[-1], now)
    read = ORDER_STATUSES.get(order.status)
    if read is None:
        return Unreadable("PayPal reports an order with a status that FinCore does not know, and no payment")
    return read(order, now)


def read_capture(
    capture: Capture,
    order_reference: PspReference,
    *,
    before: tuple[SubReference, ...] = (),
    instrument: Instrument | None = None,
    now: datetime,
) -> Approved | Pending | Unreadable:
    """What a capture says that took the money, or is about to. `before`: the parts of the payment that came before it."""
    parts = (*before, SubReference("capture", PspReference(capture.id)))
    state = status_tables.CAPTURE_STATUSES.get(capture.status)
    if state == "pending":
        return _pending(capture, order_reference, parts, now)
    if state != "taken":
        return Unreadable("PayPal reports a capture with a status that FinCore does not know")
    money = _positive(capture.amount, "a capture")
    if isinstance(money, Unreadable):
        return money
    # A refund changes the time of a capture's last update.
    changed_at = capture.update_time if capture.status == "COMPLETED" else None
    return Approved(
        kind="captured",
        money=money,
        psp_reference=order_reference,
        occurred_at=changed_at or capture.create_time or now,
        fee=fee_in(capture.seller_receivable_breakdown),
        sub_references=parts,
        instrument=instrument,
    )


def decline_failure(processor: ProcessorResponse | None, details: StatusDetails | None, what: str) -> Failure:
    """Why a capture or an authorization was refused, in FinCore's words."""
    code = (processor and processor.response_code) or ""
    listed = status_tables.PROCESSOR_DECLINES.get(code, status_tables.UNLISTED_DECLINE)
    advised = status_tables.PAYMENT_ADVICE.get((processor and processor.payment_advice_code) or "")
    word = code or (details and details.reason) or None
    named = sanitize_code(word) if word else "no reason given"
    return Failure(
        code=listed.code,
        message=DISCREET_MESSAGE if listed.discreet else f"PayPal refused {what}: {named}",
        advice=advised or listed.advice,
        decline_code=named if word else None,
    )


def fee_in(breakdown: SellerBreakdown | None) -> Money | None:
    """PayPal's fee, in the currency in which it moves; None where PayPal does not show it, or it makes no sense."""
    if breakdown is None:
        return None
    shown = breakdown.paypal_fee_in_receivable_currency or breakdown.paypal_fee
    fee = None if shown is None else from_paypal(shown)
    return fee if isinstance(fee, Money) else None


def parts_of(authorizations: Sequence[Authorization]) -> tuple[SubReference, ...]:
    """The authorizations of a payment, oldest first."""
    return tuple(
        SubReference("authorization", PspReference(one.id)) for one in in_order_of_time(authorizations)
    )


def holding(authorizations: Sequence[Authorization]) -> list[Authorization]:
    """The authorizations that say what of a payment is held, oldest first: a renewal that was refused leaves the one before it."""
    ordered = in_order_of_time(authorizations)
    states = [status_tables.AUTHORIZATION_STATUSES.get(one.status) for one in ordered]
    kept = [one for one, state in zip(ordered, states, strict=True) if state != "refused"]
    return kept or ordered


def in_order_of_time(parts: Sequence[Part]) -> list[Part]:
    """Authorizations or captures, oldest first; PayPal names no order for them."""
    return sorted(parts, key=lambda part: part.create_time or _EARLIEST)


def _read_hold(order: Order, authorizations: list[Authorization], now: datetime) -> OrderReading:
    """What the newest authorization says: each reauthorization takes the place of the one before it."""
    newest, parts = authorizations[-1], parts_of(authorizations)
    reference = PspReference(order.id)
    state = status_tables.AUTHORIZATION_STATUSES.get(newest.status)
    match state:
        case "held":
            money = _positive(newest.amount, "an authorization")
            if isinstance(money, Unreadable):
                return money
            return Approved(
                kind="authorized",
                money=money,
                psp_reference=reference,
                occurred_at=authorizations[0].create_time or now,
                capture_before=newest.expiration_time,
                sub_references=parts,
                instrument=instrument_of(order.payment_source),
            )
        case "pending":
            return _pending(newest, reference, parts, now)
        case "refused":
            return _declined(order, newest, now)
        case "released":
            return _released(newest, reference, now)
        case "captured":
            return Unreadable("PayPal reports a captured authorization without its capture")
        case None:
            return Unreadable("PayPal reports an authorization with a status that FinCore does not know")


def _released(authorization: Authorization, reference: PspReference, now: datetime) -> Canceled | Expired:
    """Voided by us, or run out: PayPal calls both VOIDED."""
    at = authorization.update_time or now
    ends_at = authorization.expiration_time
    if authorization.status == "EXPIRED" or (ends_at is not None and at >= ends_at):
        return Expired(reason="authorization_lapsed", psp_reference=reference, occurred_at=at)
    return Canceled(reason="voided at PayPal", psp_reference=reference, occurred_at=at)


def _pending(
    part: Capture | Authorization, reference: PspReference, parts: tuple[SubReference, ...], now: datetime
) -> Pending:
    reason = (part.status_details and part.status_details.reason) or "PENDING"
    days = status_tables.DAYS_UNTIL_DECIDED.get(reason, status_tables.DAYS_UNTIL_DECIDED_OTHERWISE)
    began_at = part.create_time or now
    return Pending(
        psp_reference=reference,
        reason=sanitize_code(reason),
        occurred_at=began_at,
        pending_until=min(began_at, now) + timedelta(days=days),
        sub_references=parts,
    )


def _declined(order: Order, part: Capture | Authorization, now: datetime) -> Declined:
    return Declined(
        failure=decline_failure(part.processor_response, part.status_details, "the payment"),
        occurred_at=part.update_time or part.create_time or now,
        psp_reference=PspReference(order.id),
        instrument=instrument_of(order.payment_source),
    )


def _positive(amount: PayPalMoney | None, what: str) -> Money | Unreadable:
    """The money of a part that holds or has taken some."""
    if amount is None:
        return Unreadable(f"PayPal reports {what} without an amount")
    money = from_paypal(amount)
    if isinstance(money, Inexpressible):
        return Unreadable(money.reason)
    return money if money.amount_minor > 0 else Unreadable(f"PayPal reports {what} of nothing")


def _action_required(order: Order, _now: datetime) -> OrderReading:
    """ActionRequired: the link payer-action."""
    return ActionRequired(
        psp_reference=PspReference(order.id), redirect_url=link(order.links, "payer-action", "approve")
    )


def _consented(order: Order, now: datetime) -> OrderReading:
    """Consented."""
    return Consented(
        psp_reference=PspReference(order.id),
        occurred_at=order.update_time or now,
        noticed_at=now,
        instrument=instrument_of(order.payment_source),
    )


def _voided(order: Order, now: datetime) -> OrderReading:
    """Canceled."""
    return Canceled(
        reason="voided at PayPal",
        psp_reference=PspReference(order.id),
        occurred_at=order.update_time or now,
    )


ORDER_STATUSES: Final[Mapping[str, Callable[[Order, datetime], OrderReading]]] = MappingProxyType(
    {
        "CREATED": _action_required,
        "PAYER_ACTION_REQUIRED": _action_required,
        "APPROVED": _consented,
        "VOIDED": _voided,
    }
)
"""Status of an order without payments -> how to read it. COMPLETED says nothing of money; SAVED FinCore never asks for."""


def understood(reading: OrderReading, now: datetime) -> KnownOutcome | Unknown:
    """The outcome of a call that was answered with it: what cannot be read leaves the outcome unknown."""
    return Unknown(reason=reading.reason, since=now) if isinstance(reading, Unreadable) else reading
