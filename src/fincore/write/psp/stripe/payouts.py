"""What Stripe says of a payout: from payout objects to reports, by the table of `status_tables`. Pure."""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from fincore.domain.card_number import holds_card_number, without_card_numbers
from fincore.domain.outcome import PspReference, Unreadable
from fincore.domain.payout import PayoutReport
from fincore.write.psp.sanitize import sanitize_code
from fincore.write.psp.stripe import status_tables
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.wire import Id, StripePayout, TraceId

MESSAGE_CHARS_MAX: Final = 300
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


def read_payout(payout: StripePayout, *, occurred_at: datetime) -> PayoutReport | Unreadable:
    """What a payout says at `occurred_at`. Its amount is positive on the way to our bank, negative from it, as Stripe's is."""
    status = status_tables.PAYOUT_STATUSES.get(payout.status)
    if status is None:
        return Unreadable("Stripe reports a payout status that FinCore does not know")
    if payout.amount == 0:
        return Unreadable("Stripe reports a payout of nothing")
    money = from_stripe(payout.amount, payout.currency)
    if isinstance(money, Inexpressible):
        return Unreadable(money.reason)
    message = payout.failure_message
    return PayoutReport(
        psp_reference=PspReference(payout.id),
        money=money,
        status=status,
        created_at=datetime.fromtimestamp(payout.created, UTC),
        occurred_at=occurred_at,
        expected_at=None if payout.arrival_date is None else datetime.fromtimestamp(payout.arrival_date, UTC),
        bank_reference=_trace_of(payout),
        failure_code=None if payout.failure_code is None else sanitize_code(payout.failure_code),
        failure_message=None if message is None else without_card_numbers(message[:MESSAGE_CHARS_MAX]),
    )


def destination_of(payout: StripePayout) -> str | None:
    """The id of the bank account that it goes to; None for what is no id, such as an account that was expanded or deleted."""
    try:
        return msgspec.json.decode(payout.destination, type=Id)
    except msgspec.DecodeError:
        return None


def _trace_of(payout: StripePayout) -> str | None:
    """What the bank calls it, if Stripe knows; None for what is no reference, or looks like a card number."""
    try:
        trace = msgspec.json.decode(payout.trace_id, type=TraceId | None)
    except msgspec.DecodeError:
        return None
    if trace is None or trace.status != "supported" or trace.value is None:
        return None
    is_reference = _REFERENCE.fullmatch(trace.value) and not holds_card_number(trace.value)
    return trace.value if is_reference else None
