"""What PayPal's events tell us to look at, by the table of their types. Pure.

No amount and no status of an event is taken from it: its signature does not bind its body.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.card_number import without_card_numbers
from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id
from fincore.domain.outcome import PspReference
from fincore.domain.unreadable_json import UNREADABLE_JSON
from fincore.write.psp.paypal.wire import (
    Event,
    EventHead,
    Id,
    Link,
    SupplementaryData,
    id_at_end_of,
    link,
)
from fincore.write.psp.port import Look, WebhookIgnored, WebhookReport

IGNORED_CHARS_MAX: Final = 200
UNREADABLE_CHARS_MAX: Final = 300
TRANSACTIONS_MAX: Final = 100

Reports = tuple[WebhookReport, ...]


class NamedUnit(msgspec.Struct, frozen=True):
    """What of a purchase unit names a charge."""

    custom_id: str | None = None


class NamedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What of an order, or of an approval that was taken back, names a payment."""

    id: Id | None = None
    order_id: Id | None = None
    purchase_units: tuple[NamedUnit, ...] = ()


class NamedPart(msgspec.Struct, frozen=True, kw_only=True):
    """What of an authorization, a capture or a refund names a payment."""

    id: Id
    custom_id: str | None = None
    supplementary_data: SupplementaryData | None = None
    links: tuple[Link, ...] = ()


class NamedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """What of a disputed transaction names a payment."""

    seller_transaction_id: Id | None = None
    custom: str | None = None


class NamedDispute(msgspec.Struct, frozen=True, kw_only=True):
    """What of a dispute names payments."""

    dispute_id: Id
    disputed_transactions: tuple[NamedTransaction, ...] = ()


HEAD: Final = msgspec.json.Decoder(EventHead)
_EVENT: Final = msgspec.json.Decoder(Event)
_ORDER: Final = msgspec.json.Decoder(NamedOrder)
_PART: Final = msgspec.json.Decoder(NamedPart)
_DISPUTE: Final = msgspec.json.Decoder(NamedDispute)


def read_event(body: bytes) -> Reports | WebhookIgnored:
    """What to look at after an event, by `READERS`."""
    try:
        head = HEAD.decode(body)
        read = reader_of(head.event_type)
        if read is None:
            return WebhookIgnored(f"no charge changes by {head.event_type}"[:IGNORED_CHARS_MAX])
        return read(_EVENT.decode(body).resource)
    except UNREADABLE_JSON as error:
        reason = without_card_numbers(f"the event does not have the shape that PayPal documents: {error}")
        return (_unreadable(None, None, reason),)


def _order(raw: msgspec.Raw) -> Reports:
    """The payment: an order, or the approval of one that was taken back."""
    order = _ORDER.decode(raw)
    charge_ids = {_charge_id(unit.custom_id) for unit in order.purchase_units}
    charge_id = charge_ids.pop() if len(charge_ids) == 1 else None
    return (_look(charge_id, order.order_id or order.id, Look(subject="payment")),)


def _payment(raw: msgspec.Raw) -> Reports:
    """The payment that an authorization or a capture is a part of."""
    part = _PART.decode(raw)
    charge_id = _charge_id(part.custom_id)
    # Of a part that the log may not know yet, the charge that it names is the better name.
    named = _order_id(part) or (part.id if charge_id is None else None)
    return (_look(charge_id, named, Look(subject="payment")),)


def _refund(raw: msgspec.Raw) -> Reports:
    """The refund, of the order or the capture that it names."""
    refund = _PART.decode(raw)
    look = Look(subject="refund", psp_reference=PspReference(refund.id))
    return (_look(None, _order_id(refund) or _capture_id(refund), look),)


def _reversal(raw: msgspec.Raw) -> Reports:
    """Held: PayPal took money back, and only a dispute or a person there says why and how much in all."""
    reversal = _PART.decode(raw)
    reason = "PayPal reports that it took money of the payment back: see whether a dispute tells of it"
    named = _order_id(reversal) or _capture_id(reversal) or reversal.id
    return (_unreadable(_charge_id(reversal.custom_id), named, reason),)


def _dispute(raw: msgspec.Raw) -> Reports:
    """The dispute, for each payment that it is about."""
    dispute = _DISPUTE.decode(raw)
    look = Look(subject="dispute", psp_reference=PspReference(dispute.dispute_id))
    transactions = dispute.disputed_transactions
    if not 0 < len(transactions) <= TRANSACTIONS_MAX:
        return (_unreadable(None, None, f"PayPal reports a dispute of {len(transactions)} payments"),)
    return tuple(_look(_charge_id(one.custom), one.seller_transaction_id, look) for one in transactions)


Reader = Callable[[msgspec.Raw], Reports]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "CHECKOUT.ORDER.": _order,
        "CHECKOUT.PAYMENT-APPROVAL.REVERSED": _order,
        "PAYMENT.AUTHORIZATION.": _payment,
        "PAYMENT.CAPTURE.REFUNDED": _refund,
        "PAYMENT.CAPTURE.REVERSED": _reversal,
        "PAYMENT.CAPTURE.": _payment,
        "PAYMENT.REFUND.": _refund,
        "CUSTOMER.DISPUTE.": _dispute,
    }
)
"""Prefix of the types of events that say something of a charge -> how to read what they are about; the first that fits
counts. All others are kept and not read."""

SUBSCRIBED_TYPES: Final = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "CUSTOMER.DISPUTE.UPDATED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
)
"""The types that PayPal has to be told to send."""


def reader_of(event_type: str) -> Reader | None:
    """How to read the object of an event; None where no charge changes by it."""
    return next((read for prefix, read in READERS.items() if event_type.startswith(prefix)), None)


def _look(charge_id: ChargeId | None, named: str | None, look: Look) -> WebhookReport:
    return WebhookReport(charge_id=charge_id, payment_reference=_reference(named), content=look)


def _unreadable(charge_id: ChargeId | None, named: str | None, reason: str) -> WebhookReport:
    return WebhookReport(
        charge_id=charge_id,
        payment_reference=_reference(named),
        content=None,
        unreadable=reason[:UNREADABLE_CHARS_MAX],
    )


def _reference(named: str | None) -> PspReference | None:
    return None if named is None else PspReference(named)


def _order_id(part: NamedPart) -> str | None:
    return part.supplementary_data.related_ids.order_id if part.supplementary_data else None


def _capture_id(refund: NamedPart) -> str | None:
    related = refund.supplementary_data.related_ids.capture_id if refund.supplementary_data else None
    return related or id_at_end_of(link(refund.links, "up"))


def _charge_id(text: str | None) -> ChargeId | None:
    """Our charge id in a field that others can fill; None for what is none."""
    try:
        return parse_charge_id(text or "")
    except InvalidId:
        return None
