"""What PayPal says of a dispute: from dispute objects to reports, by the tables. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.domain.outcome import DisputeMovements, DisputeReport, DisputeStatus, PspReference, Unreadable
from fincore.write.psp.paypal import status_tables
from fincore.write.psp.paypal.amounts import Inexpressible, from_paypal
from fincore.write.psp.paypal.wire import DisputedTransaction, MoneyMovement, PayPalDispute

REASON_CHARS_MAX: Final = 100


def read_dispute(
    dispute: PayPalDispute,
    transaction: DisputedTransaction,
    known: Sequence[DisputeMovements],
    *,
    now: datetime,
) -> DisputeReport | Unreadable:
    """What a dispute says now of one of its transactions. `known` is what is known to have moved by it so far."""
    stage, is_resolved = dispute.dispute_life_cycle_stage, dispute.status == status_tables.RESOLVED
    is_one_of_several = len(dispute.disputed_transactions) > 1
    amount = transaction.gross_amount if is_one_of_several else dispute.dispute_amount
    amount = amount or transaction.gross_amount
    money = (
        Inexpressible("PayPal reports a dispute without an amount") if amount is None else from_paypal(amount)
    )
    if isinstance(money, Inexpressible):
        return Unreadable(money.reason)
    if money.amount_minor < 1:
        return Unreadable("PayPal reports a dispute over nothing")
    if stage is not None and stage not in status_tables.DISPUTE_STAGES:
        return Unreadable("PayPal reports a stage of a dispute that FinCore does not know")
    moves = [move for move in dispute.money_movements if move.affected_party == "SELLER"]
    if moves and is_one_of_several:
        return Unreadable(
            "PayPal reports money moved by a dispute of several payments, and not how much of each"
        )
    movements = _movements(moves)
    if isinstance(movements, Unreadable):
        return movements
    is_held = transaction.transaction_status == "HELD" and not is_resolved
    movements = _with_hold(movements, money if is_held else None, known)
    if any(_largest(total) > AMOUNT_MINOR_MAX for total in movements):
        return Unreadable("PayPal reports more money moved by a dispute than any payment has")
    status = (
        _ending(dispute, movements) if is_resolved else status_tables.DISPUTE_STATUSES.get(dispute.status)
    )
    if status is None:
        return Unreadable("PayPal reports a status or an outcome of a dispute that FinCore does not know")
    return DisputeReport(
        psp_reference=PspReference(dispute.dispute_id),
        status=status,
        money=money,
        reason=dispute.reason[:REASON_CHARS_MAX],
        category=status_tables.DISPUTE_CATEGORIES.get(dispute.reason, "other"),
        is_inquiry=stage == status_tables.INQUIRY_STAGE,
        occurred_at=dispute.update_time or dispute.create_time or now,
        evidence_due_by=None if is_resolved else dispute.seller_response_due_date,
        movements=movements,
    )


def _movements(moves: Sequence[MoneyMovement]) -> tuple[DisputeMovements, ...] | Unreadable:
    """All that left us and came back, one item per currency."""
    totals: dict[Currency, DisputeMovements] = {}
    for move in moves:
        kind = status_tables.MOVEMENT_REASONS.get(move.reason or "")
        money = None if move.amount is None else from_paypal(move.amount)
        if kind is None or not isinstance(money, Money) or move.type not in ("DEBIT", "CREDIT"):
            return Unreadable("PayPal reports a movement of money by a dispute that FinCore cannot read")
        total = totals.get(money.currency, DisputeMovements(currency=money.currency))
        totals[money.currency] = _added(total, kind, money.amount_minor, is_debit=move.type == "DEBIT")
    return tuple(totals.values())


def _largest(total: DisputeMovements) -> int:
    return max(
        total.withdrawn_minor,
        total.withdrawn_fee_minor,
        total.reinstated_minor,
        total.reinstated_fee_minor,
        total.held_minor,
        total.released_minor,
    )


def _added(
    total: DisputeMovements, kind: status_tables.MovementKind, amount_minor: int, *, is_debit: bool
) -> DisputeMovements:
    is_money = kind == "money"
    return DisputeMovements(
        currency=total.currency,
        withdrawn_minor=total.withdrawn_minor + (amount_minor if is_money and is_debit else 0),
        withdrawn_fee_minor=total.withdrawn_fee_minor + (amount_minor if not is_money and is_debit else 0),
        reinstated_minor=total.reinstated_minor + (amount_minor if is_money and not is_debit else 0),
        reinstated_fee_minor=total.reinstated_fee_minor
        + (amount_minor if not is_money and not is_debit else 0),
    )


def _with_hold(
    movements: tuple[DisputeMovements, ...], held_now: Money | None, known: Sequence[DisputeMovements]
) -> tuple[DisputeMovements, ...]:
    """The movements with all that was put aside so far, and all of it that is at our disposal again.

    PayPal's record shows only what is put aside now: what that is more than is known was put aside since, what it is less was released.
    """
    known_in = {total.currency: total for total in known if total.held_minor}
    now_minor = {} if held_now is None else {held_now.currency: held_now.amount_minor}
    moved = {total.currency: total for total in movements}
    for currency in dict.fromkeys((*known_in, *now_minor)):
        before = known_in.get(currency, DisputeMovements(currency=currency))
        more_minor = now_minor.get(currency, 0) - (before.held_minor - before.released_minor)
        moved[currency] = msgspec.structs.replace(
            moved.get(currency, DisputeMovements(currency=currency)),
            held_minor=before.held_minor + max(more_minor, 0),
            released_minor=before.released_minor + max(-more_minor, 0),
        )
    return tuple(moved.values())


def _ending(dispute: PayPalDispute, movements: tuple[DisputeMovements, ...]) -> DisputeStatus | None:
    """How a resolved dispute ended: by the money that moved; where none did, by PayPal's word for the outcome.

    The word alone does not say who paid: with seller protection PayPal pays a buyer who won.
    """
    if any(total.withdrawn_minor > total.reinstated_minor for total in movements):
        return "lost"
    if any(total.withdrawn_minor for total in movements):
        return "won"
    outcome = (dispute.dispute_outcome and dispute.dispute_outcome.outcome_code) or "NONE"
    return status_tables.DISPUTE_ENDINGS.get(outcome)
