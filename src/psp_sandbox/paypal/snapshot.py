"""What the simulated PayPal has, over all accounts: rows of orders, captures and refunds, and their sums."""

from collections import defaultdict
from collections.abc import Iterator

from psp_sandbox.paypal.records import Capture, Refund
from psp_sandbox.paypal.store import Store
from psp_sandbox.paypal.wire import RECEIVABLE

MAX_ROWS = 100_000
Row = dict[str, object]
Rows = Iterator[Row]


def orders(store: Store) -> Rows:
    """Every order, oldest first."""
    for account, order in store.orders.all():
        first = order.units[0]
        yield {
            "id": order.id,
            "account": account,
            "intent": order.intent,
            "status": order.status,
            "expired": order.expired,
            "currency": first.amount.currency,
            "amount_minor": sum(unit.amount.minor for unit in order.units),
            "custom_id": first.custom_id,
            "invoice_id": first.invoice_id,
        }


def authorizations(store: Store) -> Rows:
    """Every authorization, oldest first."""
    for account, hold in store.authorizations.all():
        yield {
            "id": hold.id,
            "account": account,
            "order_id": hold.order_id,
            "status": hold.status,
            "currency": hold.amount.currency,
            "amount_minor": hold.amount.minor,
            "captured_minor": hold.captured_minor,
            "custom_id": hold.custom_id,
        }


def captures(store: Store) -> Rows:
    """Every capture, oldest first."""
    for _, capture in store.captures.all():
        yield {
            **_payment(capture),
            "refunded_minor": capture.refunded_minor,
            "authorization_id": capture.authorization_id,
        }


def refunds(store: Store) -> Rows:
    """Every refund, oldest first."""
    for _, refund in store.refunds.all():
        yield {**_payment(refund), "capture_id": refund.capture_id, "fee_minor": refund.fee_minor}


def disputes(store: Store) -> Rows:
    """Every dispute, oldest first. Amounts are minor units; `custom_id` is the first capture's."""
    for _, dispute in store.disputes.all():
        captures = store.captures_of(dispute)
        yield {
            "id": dispute.id,
            "account": dispute.account,
            "capture_ids": dispute.capture_ids,
            "status": dispute.status,
            "stage": dispute.stage,
            "outcome": dispute.outcome,
            "currency": dispute.amount.currency,
            "amount_minor": dispute.amount.minor,
            "held_minor": dispute.held_minor,
            "taken_minor": dispute.taken_minor,
            "fee_minor": dispute.moved("fee"),
            "custom_id": captures[0].custom_id if captures else None,
        }


def totals(store: Store) -> Row:
    """How many there are of each, and the money that was taken and sent back, in minor units of any currency."""
    taken = [capture for _, capture in store.captures.all() if capture.status in RECEIVABLE]
    return {
        "orders": len(store.orders),
        "authorizations": len(store.authorizations),
        "captures": len(store.captures),
        "refunds": len(store.refunds),
        "disputes": len(store.disputes),
        "captured_minor": sum(capture.amount.minor for capture in taken),
        "refunded_minor": sum(capture.refunded_minor for capture in taken),
        "movements": store.balances.count(),
        "settlement_files": store.settlement.count(),
        "settlement_faults": dict(store.settlement.faults),
    }


def by_custom_id(store: Store) -> dict[str, Row]:
    """For each `custom_id` of an order: its orders, captures that took money, and what they took and gave back."""
    found: dict[str, dict[str, int]] = defaultdict(
        lambda: {"orders": 0, "captures": 0, "captured_minor": 0, "refunded_minor": 0}
    )
    for _, order in store.orders.all():
        for custom_id in {unit.custom_id for unit in order.units} - {None}:
            found[str(custom_id)]["orders"] += 1
    for _, capture in store.captures.all():
        if capture.custom_id is not None and capture.status in RECEIVABLE:
            sums = found[capture.custom_id]
            sums["captures"] += 1
            sums["captured_minor"] += capture.amount.minor
            sums["refunded_minor"] += capture.refunded_minor
    return {custom_id: dict(sums) for custom_id, sums in found.items()}


def _payment(payment: Capture | Refund) -> Row:
    return {
        "id": payment.id,
        "account": payment.account,
        "order_id": payment.order_id,
        "status": payment.status,
        "currency": payment.amount.currency,
        "amount_minor": payment.amount.minor,
        "custom_id": payment.custom_id,
        "invoice_id": payment.invoice_id,
    }
