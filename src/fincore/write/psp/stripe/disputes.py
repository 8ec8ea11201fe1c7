"""What Stripe says of a dispute: from dispute objects to reports, by the tables of `vocabulary`. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from fincore.domain.money import Money
from fincore.domain.outcome import DisputeReport, PspReference, Unknown
from fincore.write.psp.stripe import vocabulary
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.wire import BalanceTransaction, StripeDispute

REASON_CHARS_MAX: Final = 100


def dispute_report_of(dispute: StripeDispute, *, occurred_at: datetime) -> DisputeReport | Unknown:
    """What a dispute says at `occurred_at`, with all the money that has moved until then."""
    stage = vocabulary.DISPUTE_STATUSES.get(dispute.status)
    if stage is None:
        return Unknown(reason="Stripe reports a dispute status that FinCore does not know", since=occurred_at)
    money = from_stripe(dispute.amount, dispute.currency)
    withdrawn = _moved(dispute.balance_transactions, "out")
    reinstated = _moved(dispute.balance_transactions, "back")
    if isinstance(money, Inexpressible):
        return Unknown(reason=money.reason, since=occurred_at)
    if isinstance(withdrawn, Inexpressible):
        return Unknown(reason=withdrawn.reason, since=occurred_at)
    if isinstance(reinstated, Inexpressible):
        return Unknown(reason=reinstated.reason, since=occurred_at)
    due_by = dispute.evidence_details.due_by if dispute.evidence_details else None
    return DisputeReport(
        psp_reference=PspReference(dispute.id),
        status=stage.status,
        money=money,
        reason=dispute.reason[:REASON_CHARS_MAX],
        is_inquiry=stage.is_inquiry,
        occurred_at=occurred_at,
        evidence_due_by=None if due_by is None else datetime.fromtimestamp(due_by, UTC),
        withdrawn=withdrawn.money,
        withdrawn_fee_minor=withdrawn.fee_minor,
        reinstated=reinstated.money,
        reinstated_fee_minor=reinstated.fee_minor,
    )


class _Moved(NamedTuple):
    """All that moved one way; no money where nothing did. A fee alone moves no money, but is in its currency."""

    money: Money | None
    fee_minor: int


def _moved(movements: Sequence[BalanceTransaction], way: Literal["out", "back"]) -> _Moved | Inexpressible:
    """Stripe counts what leaves us as negative, and a fee it charges as positive."""
    sign = 1 if way == "back" else -1
    amount = sum(max(sign * movement.amount, 0) for movement in movements)
    fee = sum(max(-sign * movement.fee, 0) for movement in movements)
    if amount == fee == 0:
        return _Moved(None, 0)
    currencies = {movement.currency for movement in movements}
    if len(currencies) > 1:
        return Inexpressible("Stripe reports a dispute that moved several currencies")
    currency = currencies.pop()
    money, fee_money = from_stripe(amount, currency), from_stripe(fee, currency)
    if isinstance(money, Inexpressible):
        return money
    if isinstance(fee_money, Inexpressible):
        return fee_money
    return _Moved(money, fee_money.amount_minor)
