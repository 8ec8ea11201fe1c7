"""The simulated Stripe's truth, over all accounts: counts, sums and rows for others to compare their books with."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

import msgspec

from psp_sandbox.messages import Request, Response
from psp_sandbox.stripe.dispute_machine import held_funds
from psp_sandbox.stripe.store import Store
from psp_sandbox.stripe.wire import PaymentIntent
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_refunds import Refund

MAX_ROWS = 1_000_000
UNDONE = frozenset({"canceled", "failed"})
"""Refunds and payouts that came back."""


class IntentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One payment intent. Amounts are in minor units; `amount_refunded` counts refunds that were not undone."""

    id: str
    amount: int
    amount_capturable: int
    amount_received: int
    amount_refunded: int
    currency: str
    metadata: dict[str, str]
    status: str


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One Checkout session. `payment_intent` is null while no customer has tried to pay."""

    id: str
    amount_total: int
    client_reference_id: str | None
    currency: str
    payment_intent: str | None
    payment_status: str
    status: str


class RefundOrDisputeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One refund or dispute; `metadata` is its own on top of its payment's."""

    id: str
    amount: int
    currency: str
    metadata: dict[str, str]
    payment_intent: str
    reason: str | None
    status: str


def totals(store: Store) -> dict[str, object]:
    """Objects by status, and minor units by currency; a sum of nothing is left out."""
    intents: Counter[str] = Counter()
    refunds: Counter[str] = Counter()
    disputes: Counter[str] = Counter()
    received: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    disputed: Counter[str] = Counter()
    fees: Counter[str] = Counter()
    payouts: Counter[str] = Counter()
    paid_out: Counter[str] = Counter()
    for _, payout in store.payouts.all():
        payouts[payout.status] += 1
        paid_out[payout.currency] += 0 if payout.status in UNDONE else payout.amount
    for _, intent in store.intents.all():
        intents[intent.status] += 1
        received[intent.currency] += intent.amount_received
    for _, refund in store.refunds.all():
        refunds[refund.status] += 1
        refunded[refund.currency] += _kept(refund)
    for _, dispute in store.disputes.all():
        disputes[dispute.status] += 1
        disputed[dispute.currency] += held_funds(dispute)
    for _, movement in store.movements.all():
        fees[movement.currency] += movement.fee
    return {
        "payment_intents": dict(intents),
        "refunds": dict(refunds),
        "disputes": dict(disputes),
        "payouts": dict(payouts),
        "amount_received": _without_zeros(received),
        "amount_refunded": _without_zeros(refunded),
        "amount_disputed": _without_zeros(disputed),
        "amount_paid_out": _without_zeros(paid_out),
        "fees": _without_zeros(fees),
    }


def by_metadata(store: Store, key: str) -> dict[str, dict[str, int]]:
    """Per value: intents of any status, those that hold or took money, and the minor units taken."""
    found: dict[str, dict[str, int]] = {}
    for _, intent in store.intents.all():
        value = intent.metadata.get(key)
        if value is None or (value not in found and len(found) >= MAX_ROWS):
            continue
        row = found.setdefault(value, {"intents": 0, "authorized": 0, "succeeded": 0, "amount_received": 0})
        row["intents"] += 1
        row["authorized"] += intent.status == "requires_capture"
        row["succeeded"] += intent.status == "succeeded"
        row["amount_received"] += intent.amount_received
    return found


def list_intents(store: Store, _request: Request, _named: str) -> Response:
    """GET /sandbox/payment_intents: every one, oldest first."""
    return _rows(_intent_row(store, account, intent) for account, intent in store.intents.all())


def list_sessions(store: Store, _request: Request, _named: str) -> Response:
    """GET /sandbox/checkout_sessions: every one, oldest first."""
    return _rows(
        SessionRow(
            id=session.id,
            amount_total=session.amount_total,
            client_reference_id=session.client_reference_id,
            currency=session.currency,
            payment_intent=session.payment_intent if isinstance(session.payment_intent, str) else None,
            payment_status=session.payment_status,
            status=session.status,
        )
        for session in store.checkout.all()
    )


def list_refunds(store: Store, _request: Request, _named: str) -> Response:
    """GET /sandbox/refunds: every one, oldest first."""
    return _rows(_refund_or_dispute_row(store, account, refund) for account, refund in store.refunds.all())


def list_disputes(store: Store, _request: Request, _named: str) -> Response:
    """GET /sandbox/disputes: every one, oldest first."""
    return _rows(_refund_or_dispute_row(store, account, dispute) for account, dispute in store.disputes.all())


def _intent_row(store: Store, account: str, intent: PaymentIntent) -> IntentRow:
    charges = store.charges_of(account, intent.id)
    return IntentRow(
        id=intent.id,
        amount=intent.amount,
        amount_capturable=intent.amount_capturable,
        amount_received=intent.amount_received,
        amount_refunded=sum(
            _kept(refund) for charge in charges for refund in store.refunds_of(account, charge.id)
        ),
        currency=intent.currency,
        metadata=intent.metadata,
        status=intent.status,
    )


def _refund_or_dispute_row(store: Store, account: str, moved: Dispute | Refund) -> RefundOrDisputeRow:
    return RefundOrDisputeRow(
        id=moved.id,
        amount=moved.amount,
        currency=moved.currency,
        metadata=store.metadata_of(account, moved),
        payment_intent=moved.payment_intent,
        reason=moved.reason,
        status=moved.status,
    )


def _kept(refund: Refund) -> int:
    return 0 if refund.status in UNDONE else refund.amount


def _rows(rows: Iterable[msgspec.Struct]) -> Response:
    """At most MAX_ROWS; `complete` says whether that was all."""
    found = list(islice(rows, MAX_ROWS + 1))
    return Response(payload={"data": found[:MAX_ROWS], "complete": len(found) <= MAX_ROWS})


def _without_zeros(sums: Counter[str]) -> dict[str, int]:
    return {currency: total for currency, total in sums.items() if total}
