"""Looks for what is wrong between runs."""

from typing import Final

from fincore.domain.currency import Currency
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.whole_sums import with_whole_sums
from fincore.reconciliation.evidence_check import damaged_evidence, evidence_standing
from fincore.reconciliation.notification.findings import (
    Finding,
    OldMoney,
    damaged_file,
    failed_run,
    of_gap,
    of_old_money,
    of_source,
    unread_evidence,
    waiting_file,
)
from fincore.reconciliation.notification.notice import one_line
from fincore.reconciliation.report.gathering import mode_of
from fincore.reconciliation.sources import Sources

_SQL = load_sql("fincore.reconciliation.notification", "watch.sql")

REASON_CHARACTERS_MAX: Final = 1_000
STATEMENT_SECONDS_MAX: Final = 60.0


async def keep_failed_run(ledgerdb: Pool, reason: str) -> None:
    """A run of the role ended with an error."""
    await ledgerdb.execute(_SQL.keep_failed_run, one_line(reason, REASON_CHARACTERS_MAX))


async def wrong_now(ledgerdb: Pool) -> list[Finding]:
    """What is wrong with runs, files, their sources and the evidence."""
    sources = Sources(ledgerdb)
    reason = await ledgerdb.fetchval(_SQL.failed_run)
    waiting = [waiting_file(source, seconds) for source, seconds in (await sources.longest_waiting()).items()]
    return [
        *([] if reason is None else [failed_run(reason)]),
        *filter(None, waiting),
        *(found for one in await sources.standings() for found in of_source(one)),
        *(of_gap(gap) for gap in await sources.gaps()),
        *map(damaged_file, await damaged_evidence(ledgerdb)),
        *filter(None, [unread_evidence((await evidence_standing(ledgerdb)).idle_seconds)]),
    ]


async def old_money(ledgerdb: Pool, days: int) -> list[Finding]:
    """What is uncleared for more than so many days."""
    rows = with_whole_sums(await ledgerdb.fetch(_SQL.old_money, days, timeout=STATEMENT_SECONDS_MAX))
    return [
        of_old_money(
            OldMoney(
                mode=mode_of(row),
                psp=row["psp"],
                psp_account=row["psp_account"],
                currency=Currency(row["currency"]),
                items=row["items"],
                taken_minor=row["taken_minor"],
                given_back_minor=row["given_back_minor"],
            ),
            days,
        )
        for row in rows
    ]
