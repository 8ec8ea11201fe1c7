"""The columns of the payout reconciliation reports, and what each says of a balance transaction. Pure.

Names and order: docs.stripe.com/reports/report-types/payout-reconciliation. Amounts are in major units of the currency.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

import msgspec

from psp_sandbox.stripe.currencies import THREE_DECIMAL, ZERO_DECIMAL
from psp_sandbox.stripe.movements import Movement, category
from psp_sandbox.stripe.wire import Charge, PaymentIntent
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_payouts import Payout
from psp_sandbox.stripe.wire_refunds import Refund

Metadata = dict[str, str]


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement that a payout contains, with the objects it is about; `zone` is that of the columns without `_utc`."""

    movement: Movement
    payout: Payout
    zone: tzinfo
    charge: Charge | None = None
    intent: PaymentIntent | None = None
    refund: Refund | None = None
    dispute: Dispute | None = None

    @property
    def facing(self) -> Charge | Refund | Dispute | None:
        """What the customer sees of the movement."""
        return self.dispute or self.refund or self.charge


Column = Callable[[Row], str]


def _blank(_row: Row) -> str:
    return ""


def major(amount: int, currency: str) -> str:
    """An amount in major units, with no more decimals than it needs, as Stripe's reports have it: `25`, `-0.5`."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    whole = Decimal(amount).scaleb(-decimals)
    return f"{whole.normalize():f}" if amount else "0"


def _time(at: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def _facing_amount(row: Row) -> str:
    return "" if row.facing is None else major(row.facing.amount, row.facing.currency)


def _card(row: Row, name: str) -> str:
    if row.charge is None:
        return ""
    return str(getattr(row.charge.payment_method_details.card, name) or "")


def _metadata(row: Row, of: str) -> Metadata:
    match of:
        case "payment":
            intent = {} if row.intent is None else row.intent.metadata
            return intent or ({} if row.charge is None else row.charge.metadata)
        case "refund":
            return {} if row.refund is None else row.refund.metadata
        case _:
            return {}


FIRST: dict[str, Column] = {
    "balance_transaction_id": lambda row: row.movement.id,
    "created_utc": lambda row: _time(row.movement.created, UTC),
    "created": lambda row: _time(row.movement.created, row.zone),
    "available_on_utc": lambda row: _time(row.movement.available_on, UTC),
    "available_on": lambda row: _time(row.movement.available_on, row.zone),
    "currency": lambda row: row.movement.currency,
    "gross": lambda row: major(row.movement.amount, row.movement.currency),
    "fee": lambda row: major(row.movement.fee, row.movement.currency),
    "net": lambda row: major(row.movement.amount - row.movement.fee, row.movement.currency),
    "reporting_category": lambda row: category(row.movement),
    "source_id": lambda row: row.movement.source or "",
    "description": lambda row: row.movement.description or "",
    "customer_facing_amount": _facing_amount,
    "customer_facing_currency": lambda row: "" if row.facing is None else row.facing.currency,
    "regulatory_tag": _blank,
    "automatic_payout_id": lambda row: row.payout.id,
    "automatic_payout_effective_at_utc": lambda row: _time(row.payout.arrival_date, UTC),
    "automatic_payout_effective_at": lambda row: _time(row.payout.arrival_date, row.zone),
    "customer_id": lambda row: (row.charge and row.charge.customer) or "",
    "customer_email": lambda row: (row.charge and row.charge.receipt_email) or "",
    "customer_name": _blank,
    "customer_description": _blank,
    "shipping_address_line1": _blank,
    "shipping_address_line2": _blank,
    "shipping_address_city": _blank,
    "shipping_address_state": _blank,
    "shipping_address_postal_code": _blank,
    "shipping_address_country": _blank,
    "charge_id": lambda row: "" if row.charge is None else row.charge.id,
    "payment_intent_id": lambda row: "" if row.charge is None else row.charge.payment_intent,
    "charge_created_utc": lambda row: "" if row.charge is None else _time(row.charge.created, UTC),
    "charge_created": lambda row: "" if row.charge is None else _time(row.charge.created, row.zone),
    "invoice_id": _blank,
    "subscription_id": _blank,
    "payment_method_type": lambda row: "" if row.charge is None else "card",
    "is_link": lambda row: "" if row.charge is None else "false",
    "card_brand": lambda row: _card(row, "brand"),
    "card_funding": lambda row: _card(row, "funding"),
    "card_country": lambda row: _card(row, "country"),
    "statement_descriptor": lambda row: (row.charge and row.charge.statement_descriptor) or "",
    "dispute_reason": lambda row: "" if row.dispute is None else row.dispute.reason,
    "connected_account_id": _blank,
    "connected_account_name": _blank,
    "connected_account_country": _blank,
    "connected_account_direct_charge_id": _blank,
    "destination_payment_id": _blank,
}
"""The columns of `payout_reconciliation.by_id.itemized.4`, metadata aside."""
LATER: dict[str, Column] = {
    "invoice_number": _blank,
    "order_id": _blank,
    "trace_id": lambda row: row.payout.trace_id.value or "",
    "trace_id_status": lambda row: row.payout.trace_id.status,
}
"""What `payout_reconciliation.itemized.7` has besides them."""

_METADATA = re.compile(r"(payment|refund|transfer)_metadata\[([^\[\]]{1,40})\]")


def column_of(columns: dict[str, Column], name: str) -> Column | None:
    """What a column says; None where the report has no such column. A column of metadata names its key in brackets."""
    named = _METADATA.fullmatch(name)
    if named is None:
        return columns.get(name)
    of, key = named.groups()
    return lambda row: _metadata(row, of).get(key, "")
