"""What Stripe says of a dispute: from dispute objects to reports, by the tables of `status_tables`. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from fincore.domain.money import Money
from fincore.domain.outcome import DisputeMovements, DisputeReport, PspReference
from fincore.write.psp.stripe import status_tables
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.wire import BalanceTransaction, StripeDispute

REASON_CHARS_MAX: Final = 100


class ReadDispute(NamedTuple):
    """What is certain about a dispute, None where nothing is, and a sentence about what could not be read, if anything."""

    report: DisputeReport | None
    unreadable: str | None


def read_dispute(dispute: StripeDispute, *, occurred_at: datetime) -> ReadDispute:
    """What a dispute says at `occurred_at`, with all the money that has moved until then."""
    stage = status_tables.DISPUTE_STATUSES.get(dispute.status)
    if dispute.amount < 1:
        return ReadDispute(None, "Stripe reports a dispute over nothing")
    money = from_stripe(dispute.amount, dispute.currency)
    if isinstance(money, Inexpressible):
        return ReadDispute(None, money.reason)
    unreadable = None if stage else "Stripe reports a dispute status that FinCore does not know"
    movements: list[DisputeMovements] = []
    sensible = [one for one in dispute.balance_transactions if one.adds_up]
    if len(sensible) < len(dispute.balance_transactions):
        unreadable = "Stripe reports a movement of money with amount, fee and net that do not add up"
    for currency in dict.fromkeys(moved.currency for moved in sensible):
        total = _total([one for one in sensible if one.currency == currency], currency)
        if isinstance(total, Inexpressible):
            unreadable = total.reason
        elif total is not None:
            movements.append(total)
    due_by = dispute.evidence_details.due_by if dispute.evidence_details else None
    report = DisputeReport(
        psp_reference=PspReference(dispute.id),
        status=stage.status if stage else None,
        money=money,
        reason=dispute.reason[:REASON_CHARS_MAX],
        category=status_tables.DISPUTE_CATEGORIES.get(dispute.reason, "other"),
        is_inquiry=stage.is_inquiry if stage else False,
        occurred_at=occurred_at,
        evidence_due_by=None if due_by is None else datetime.fromtimestamp(due_by, UTC),
        movements=tuple(movements),
    )
    return ReadDispute(report, unreadable)


def _total(movements: Sequence[BalanceTransaction], currency: str) -> DisputeMovements | Inexpressible | None:
    """All that moved in one currency; None where nothing did.

    Stripe counts what leaves us as negative, and a fee it charges as positive.
    """
    totals: list[Money] = []
    for amount in (
        sum(max(-one.amount, 0) for one in movements),
        sum(max(one.fee, 0) for one in movements),
        sum(max(one.amount, 0) for one in movements),
        sum(max(-one.fee, 0) for one in movements),
    ):
        money = from_stripe(amount, currency)
        if isinstance(money, Inexpressible):
            return money
        totals.append(money)
    withdrawn, withdrawn_fee, reinstated, reinstated_fee = totals
    if not any(total.amount_minor for total in totals):
        return None
    return DisputeMovements(
        currency=withdrawn.currency,
        withdrawn_minor=withdrawn.amount_minor,
        withdrawn_fee_minor=withdrawn_fee.amount_minor,
        reinstated_minor=reinstated.amount_minor,
        reinstated_fee_minor=reinstated_fee.amount_minor,
    )
