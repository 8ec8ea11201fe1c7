"""Disputes as PayPal shows them."""

import re

from psp_sandbox.paypal.money import shown
from psp_sandbox.paypal.records import Capture, Dispute, Movement, MovementKind, Order
from psp_sandbox.paypal.wire import MERCHANT_EMAIL, MERCHANT_ID, Body, path_links, time_text

_INVOICE_NUMBER = re.compile(r"[A-Za-z0-9:|-]+")
"""What an invoice number may be in a dispute; others are left out."""

STATES = {
    "WAITING_FOR_SELLER_RESPONSE": "REQUIRED_ACTION",
    "UNDER_REVIEW": "UNDER_PAYPAL_REVIEW",
    "RESOLVED": "RESOLVED",
}
"""Status -> what it is to the merchant; an inquiry that waits for the merchant is an OPEN_INQUIRIES."""

SHOWN_MOVEMENTS: dict[MovementKind, tuple[str, str, str | None]] = {
    "settlement": ("SELLER", "DEBIT", "DISPUTE_SETTLEMENT"),
    "reversal": ("SELLER", "CREDIT", "DISPUTE_SETTLEMENT"),
    "fee": ("SELLER", "DEBIT", None),
    "payout": ("BUYER", "CREDIT", "DISPUTE_SETTLEMENT"),
}
"""Party, direction and reason of each movement; a fee is called by the dispute's channel. A hold is no movement in PayPal's
record: it shows only in the status of the transaction."""
FEE_REASONS = {"INTERNAL": "DISPUTE_FEE", "EXTERNAL": "CHARGEBACK_FEE"}


def dispute_body(dispute: Dispute, payments: list[tuple[Capture, Order | None]], public_url: str) -> Body:
    """A dispute with the captures it is about, and their orders."""
    body = {
        **_head(dispute),
        "disputed_transactions": [_transaction(dispute, capture, order) for capture, order in payments],
        "links": _links(dispute, public_url),
    }
    if dispute.outcome is not None:
        body["dispute_outcome"] = {
            "outcome_code": dispute.outcome,
            "amount_refunded": shown(
                dispute.amount.currency, max(dispute.taken_minor, dispute.moved("payout"))
            ),
        }
    moved = [_movement(dispute, one) for one in dispute.movements if one.kind in SHOWN_MOVEMENTS]
    if moved:
        body["money_movements"] = moved
    if dispute.evidences:
        body["evidences"] = [{**one, "source": "SUBMITTED_BY_SELLER"} for one in dispute.evidences]
    return body


def dispute_summary(dispute: Dispute, public_url: str) -> Body:
    """A dispute in a list."""
    links = path_links(public_url, (f"/v1/customer/disputes/{dispute.id}", "self", "GET"))
    return {**_head(dispute), "dispute_state": state_of(dispute), "links": links}


def state_of(dispute: Dispute) -> str:
    """What the dispute is to the merchant."""
    if dispute.stage == "INQUIRY" and dispute.status == "WAITING_FOR_SELLER_RESPONSE":
        return "OPEN_INQUIRIES"
    return STATES[dispute.status]


def _head(dispute: Dispute) -> Body:
    body: Body = {
        "dispute_id": dispute.id,
        "create_time": time_text(dispute.created_at),
        "update_time": time_text(dispute.updated_at),
        "reason": dispute.reason,
        "status": dispute.status,
        "dispute_amount": shown(dispute.amount.currency, dispute.amount.minor),
        "dispute_life_cycle_stage": dispute.stage,
        "dispute_channel": dispute.channel,
    }
    if dispute.due_at is not None:
        body["seller_response_due_date"] = time_text(dispute.due_at)
    return body


def _transaction(dispute: Dispute, capture: Capture, order: Order | None) -> Body:
    body: Body = {
        "seller_transaction_id": capture.id,
        "create_time": time_text(capture.created_at),
        "transaction_status": "HELD" if dispute.held_minor else capture.status,
        "gross_amount": shown(capture.amount.currency, capture.amount.minor),
        "seller": {"email": MERCHANT_EMAIL, "merchant_id": MERCHANT_ID, "name": "Test Store"},
    }
    if order is not None and order.payer is not None:
        body["buyer"] = {"name": f"{order.payer.given_name} {order.payer.surname}"}
    if capture.custom_id is not None:
        body["custom"] = capture.custom_id
    if _INVOICE_NUMBER.fullmatch(capture.invoice_id or ""):
        body["invoice_number"] = capture.invoice_id
    return body


def _movement(dispute: Dispute, movement: Movement) -> Body:
    party, direction, reason = SHOWN_MOVEMENTS[movement.kind]
    return {
        "affected_party": party,
        "amount": shown(dispute.amount.currency, movement.minor),
        "initiated_time": time_text(movement.at),
        "type": direction,
        "reason": reason or FEE_REASONS[dispute.channel],
    }


def _links(dispute: Dispute, public_url: str) -> list[Body]:
    path = f"/v1/customer/disputes/{dispute.id}"
    verbs: list[str] = []
    if dispute.status == "WAITING_FOR_SELLER_RESPONSE":
        verbs = ["accept-claim", "provide-evidence"]
        verbs += ["escalate"] if dispute.stage == "INQUIRY" else []
    elif dispute.status == "UNDER_REVIEW":
        verbs = ["adjudicate"]
    return path_links(
        public_url,
        (path, "self", "GET"),
        *((f"{path}/{verb}", verb.replace("-", "_"), "POST") for verb in verbs),
    )
