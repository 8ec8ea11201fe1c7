"""What PayPal's reports show of payments: one row for each movement of the merchant's balance, and for what may become one.

Event codes: developer.paypal.com/docs/transaction-search/transaction-event-codes. Pure.
"""

import re
from typing import Literal

import msgspec

from psp_sandbox.paypal import fees
from psp_sandbox.paypal.money import shown
from psp_sandbox.paypal.records import (
    Authorization,
    AuthorizationStatus,
    Capture,
    Dispute,
    Movement,
    MovementKind,
    Order,
    Payer,
    Refund,
)
from psp_sandbox.paypal.wire import RECEIVABLE, Body, time_text

Status = Literal["D", "P", "S", "V"]

HELD: dict[AuthorizationStatus, Status] = {
    "CAPTURED": "S",
    "CREATED": "P",
    "DENIED": "D",
    "PARTIALLY_CAPTURED": "P",
    "PENDING": "P",
    "VOIDED": "V",
}
PAYMENT, AUTHORIZATION, REFUND, REVERSAL = "T0006", "T1300", "T1107", "T1106"
CONVERSION, ORDERED_CONVERSION = "T0200", "T0201"
"""A conversion of one payment's money as it comes or goes, and one that the merchant asked for."""
WITHDRAWAL, RETURNED_WITHDRAWAL, FUNDING = "T0400", "T1101", "T0300"
"""Money that goes to the merchant's bank, that the bank sent back, and that PayPal takes from the bank."""
MOVEMENTS: dict[tuple[str, MovementKind], tuple[str, int]] = {
    ("INTERNAL", "hold"): ("T1110", -1),
    ("INTERNAL", "release"): ("T1111", 1),
    ("INTERNAL", "settlement"): (REVERSAL, -1),
    ("INTERNAL", "fee"): ("T0106", -1),
    ("EXTERNAL", "settlement"): ("T1201", -1),
    ("EXTERNAL", "reversal"): ("T1202", 1),
    ("EXTERNAL", "fee"): ("T0106", -1),
}
"""Channel of a dispute and kind of its movement -> event code, and whether money comes (1) or goes."""
_PLAIN = re.compile(r"""[a-zA-Z0-9_'\-., ":;!?]*""")
"""What a merchant's own name of a payment may be in a report; others are left out."""


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row. Amounts are minor units, negative for what goes; times are unix seconds.

    `at`: when the movement was begun; `updated_at`: when it reached the balance.
    """

    id: str
    code: str
    status: Status
    affects_balance: bool
    currency: str
    minor: int
    at: int
    updated_at: int
    fee_minor: int = 0
    reference: tuple[str, Literal["ODR", "TXN"]] | None
    custom_id: str | None
    invoice_id: str | None
    by_card: bool = False
    payer: Payer | None = None
    bank_reference: str | None = None


def of_authorization(hold: Authorization, order: Order | None) -> Row:
    """A hold, which moves nothing."""
    return Row(
        id=hold.id,
        code=AUTHORIZATION,
        status=HELD[hold.status],
        affects_balance=False,
        currency=hold.amount.currency,
        minor=hold.amount.minor,
        at=hold.created_at,
        updated_at=hold.updated_at,
        reference=(hold.order_id, "ODR"),
        custom_id=hold.custom_id,
        invoice_id=hold.invoice_id,
        by_card=order is not None and order.card is not None,
        payer=None if order is None else order.payer,
    )


def of_capture(capture: Capture, order: Order | None) -> Row:
    """A payment, with PayPal's fee once the money is there."""
    received = capture.status in RECEIVABLE
    return Row(
        id=capture.id,
        code=PAYMENT,
        status="S" if received else "P" if capture.status == "PENDING" else "D",
        affects_balance=received,
        currency=capture.amount.currency,
        minor=capture.amount.minor,
        at=capture.created_at,
        updated_at=capture.updated_at,
        fee_minor=-fees.fee_minor(capture.amount.minor) if received else 0,
        reference=(capture.order_id, "ODR"),
        custom_id=capture.custom_id,
        invoice_id=capture.invoice_id,
        by_card=order is not None and order.card is not None,
        payer=None if order is None else order.payer,
    )


def of_refund(refund: Refund, order: Order | None) -> Row:
    """Money sent back, with the part of the fee that came back with it."""
    done = refund.status == "COMPLETED"
    return Row(
        id=refund.id,
        code=REVERSAL if refund.reversal else REFUND,
        status="S" if done else "P" if refund.status == "PENDING" else "D",
        affects_balance=done,
        currency=refund.amount.currency,
        minor=-refund.amount.minor,
        at=refund.created_at,
        updated_at=refund.updated_at,
        fee_minor=refund.fee_minor if done else 0,
        reference=(refund.capture_id, "TXN"),
        custom_id=refund.custom_id,
        invoice_id=refund.invoice_id,
        payer=None if order is None else order.payer,
    )


def of_movement(dispute: Dispute, movement: Movement, first: Capture | None) -> Row | None:
    """What a dispute moved; None where it moved no money of the merchant's. `first`: the first capture it is about.

    The row names that capture; the row of a fee names the chargeback or the reversal that it is the price of.
    """
    known = MOVEMENTS.get((dispute.channel, movement.kind))
    if known is None:
        return None
    code, sign = known
    about = dispute.capture_ids[0]
    if movement.kind == "fee":
        taken = [one.id for one in dispute.movements if one.kind == "settlement"]
        about = taken[-1] if taken else about
    return Row(
        id=movement.id,
        code=code,
        status="S",
        affects_balance=True,
        currency=dispute.amount.currency,
        minor=sign * movement.minor,
        at=movement.at,
        updated_at=movement.at,
        reference=(about, "TXN"),
        custom_id=None if first is None else first.custom_id,
        invoice_id=None if first is None else first.invoice_id,
    )


def row_body(row: Row, fields: frozenset[str]) -> Body:
    """A row with the groups of fields that were asked for."""
    body: Body = {}
    if "transaction_info" in fields:
        body["transaction_info"] = _transaction_info(row)
    if "payer_info" in fields and row.payer is not None:
        body["payer_info"] = {
            "account_id": row.payer.id,
            "email_address": row.payer.email,
            "payer_status": "Y",
            "payer_name": {"given_name": row.payer.given_name, "surname": row.payer.surname},
            "country_code": row.payer.country,
        }
    return body


def _transaction_info(row: Row) -> Body:
    body: Body = {
        "transaction_id": row.id,
        "transaction_event_code": row.code,
        "transaction_initiation_date": time_text(row.at),
        "transaction_updated_date": time_text(row.updated_at),
        "transaction_amount": shown(row.currency, row.minor),
        "transaction_status": row.status,
    }
    if row.reference is not None:
        body["paypal_reference_id"], body["paypal_reference_id_type"] = row.reference
    if row.payer is not None:
        body["paypal_account_id"] = row.payer.id
    if row.fee_minor:
        body["fee_amount"] = shown(row.currency, row.fee_minor)
    if row.bank_reference is not None:
        body["bank_reference_id"] = row.bank_reference
    names = {"custom_field": reported_name(row.custom_id), "invoice_id": reported_name(row.invoice_id)}
    return body | {name: value for name, value in names.items() if value}


def reported_name(name: str | None) -> str:
    """A merchant's own name of a payment as reports show it: empty where it has other characters than they take."""
    return name if name is not None and _PLAIN.fullmatch(name) else ""
