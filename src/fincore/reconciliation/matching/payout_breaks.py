"""What files and the log say differently of payouts, among the breaks that a run finds."""

from datetime import timedelta
from typing import Final

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import Payout, PayoutAccount
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.postgres.whole_sums import storable
from fincore.reconciliation.matching.differences import BreakClass
from fincore.write.settlement.payouts import PayoutRecorder

_SQL = load_sql("fincore.reconciliation.matching", "payouts.sql")

STATEMENT_SECONDS_MAX: Final = 3_600.0

_Row = tuple[BreakClass, int, str, int, str, str, str]
"""class, scope, currency, amount, subject, file, reference."""


async def find_payout_breaks(
    connection: Connection, run_no: int, payouts: PayoutRecorder, *, late_after: timedelta
) -> None:
    """Compare both ways: what files say of payouts, and payouts that no file has, or of which none has the return."""
    found: dict[str, _Row] = {}
    for row in await connection.fetch(_SQL.payouts_stated, run_no, timeout=STATEMENT_SECONDS_MAX):
        account = PayoutAccount(
            psp=PspName(row["psp"]), psp_account=PspAccount(row["psp_account"]), livemode=row["livemode"]
        )
        payout_id = account.payout_id(PspReference(row["payout"]))
        money = Money(int(row["net_minor"]), Currency(row["currency"]))
        broken = payout_break(await payouts.load(payout_id), money, of_lines=not row["is_payout"])
        if broken is not None:
            break_class, minor = broken
            # Several lines may tell of one payout: it has one break of a class.
            subject = f"payout:{payout_id}:{money.currency}:{break_class}"
            about: _Row = (
                break_class,
                row["scope_no"],
                money.currency,
                storable(minor),
                subject,
                row["file_id"],
                row["payout"],
            )
            found.setdefault(subject, about)
    if found:
        await connection.execute(
            _SQL.find_differing_payouts,
            *map(list, zip(*found.values(), strict=True)),
            timeout=STATEMENT_SECONDS_MAX,
        )
    await connection.execute(_SQL.stage_payouts_sent, run_no, timeout=STATEMENT_SECONDS_MAX)
    for statement in (_SQL.find_unreported_payouts, _SQL.find_payouts_not_back):
        await connection.execute(statement, run_no, late_after, timeout=STATEMENT_SECONDS_MAX)


def payout_break(payout: Payout | None, stated: Money, *, of_lines: bool) -> tuple[BreakClass, int] | None:
    """The break that a payout is beside what a file says of it, and its amount: what is stated less what is known.

    `of_lines`: what is stated is what its lines add up to, else what a line says of the payout itself.
    """
    if payout is None:
        return "payout_unknown", stated.amount_minor
    if payout.money.currency != stated.currency:
        return "payout_total", stated.amount_minor
    difference_minor = stated.amount_minor - payout.money.amount_minor
    if not difference_minor:
        return None
    return "unexplained_remainder" if of_lines else "payout_total", difference_minor
