"""Files that were read: what the log is told of them, their payouts included, and then they are booked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import asyncpg
import structlog

from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.ids import SettlementFileId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import BankAccount, SettlementFileAccepted, SettlementFormat
from fincore.domain.settlement_file import KindTotal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended, Recorded
from fincore.observability.failpoints import failpoint
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool
from fincore.reconciliation.reading.opening_returns import opening_returns
from fincore.reconciliation.reading.statement import stated_totals
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settlement_files import SettlementFileRecorder

_SQL = load_sql("fincore.reconciliation.reading", "reading.sql")
_log = structlog.get_logger(__name__)

ACTOR: Final = "reconciliation"
TOTALS_SECONDS_MAX: Final = 600.0
"""How long adding up the lines of one file may take."""


class LineSums(NamedTuple):
    """What the lines of a file come to, by kind and currency, and from when to when they are; None where there is none."""

    totals: tuple[KindTotal, ...]
    first_at: datetime | None
    last_at: datetime | None

    @property
    def lines(self) -> int:
        """How many there are."""
        return sum(one.lines for one in self.totals)


class FileNotBooked(FinCoreError):
    """The log does not take what a file states; nothing of it is booked. The message says why."""


class FileBooker:
    """Has the log tell what files state. Repeating any of it is safe: each event and each payout is known by its own id."""

    def __init__(self, ledgerdb: Pool, files: SettlementFileRecorder, payouts: PayoutRecorder) -> None:
        self._pool = ledgerdb
        self._files = files
        self._payouts = payouts

    async def waiting(self) -> list[SettlementFileId]:
        """The files that were read and that no run has taken up. Booking one again is safe."""
        return [SettlementFileId(row["file_id"]) for row in await self._pool.fetch(_SQL.read_files)]

    async def book(self, file_id: SettlementFileId) -> None:
        """Write the events of a file that was read, and of the payouts that it is the first to tell of. Raises `FileNotBooked`.

        A payout that is known with another amount or state stays as it is known: the run that takes the file up finds the break.
        """
        async with self._pool.acquire() as connection:
            sums = await sums_of_lines(connection, file_id)
            accepted = await accepted_of(connection, file_id, sums)
            lines = await connection.fetch(_SQL.payout_lines, file_id)
            told_first = await connection.fetch(_SQL.payouts_told_first, file_id, timeout=TOTALS_SECONDS_MAX)
        account = PayoutAccount(
            psp=accepted.psp, psp_account=accepted.psp_account, livemode=accepted.livemode
        )
        payouts = [payout_report(row) for row in lines]
        returns = await self._returns(
            account, file_id, payouts, [PspReference(row["payout"]) for row in told_first]
        )
        async with self._pool.acquire() as connection:
            await connection.execute(
                _SQL.keep_opening_returns, file_id, list(returns), list(returns.values())
            )
            totals = await totals_of(connection, file_id, sums)
        provenance = Provenance(correlation=file_id, actor=ACTOR)
        result = await self._files.accept(accepted, totals, provenance)
        if isinstance(result, Refusal):
            raise FileNotBooked(f"{accepted.name} ({file_id}) is not booked: {result.detail}")
        if not isinstance(result, Recorded):
            raise FileNotBooked(
                f"{accepted.name} ({file_id}) is not booked: others write to it, run it again"
            )
        for report in payouts:
            recorded = await self._payouts.record(
                account,
                report,
                provenance,
                # A line tells that money is on its way or came back, and not to which bank account.
                bank_account=BankAccount(accepted.psp_account),
            )
            if isinstance(recorded, Contended):
                raise FileNotBooked(
                    f"{accepted.name} ({file_id}) is not booked: others write to its payouts, run it again"
                )
            if isinstance(recorded, Refusal):
                _log.warning(
                    "reconciliation.payout_line_refused",
                    file_id=file_id,
                    payout=report.psp_reference,
                    reason=recorded.code,
                    detail=recorded.detail,
                )
        failpoint("settlement_booked", "before")
        await self._pool.execute(_SQL.mark_booked, file_id)
        failpoint("settlement_booked", "after")

    async def _returns(
        self,
        account: PayoutAccount,
        file_id: SettlementFileId,
        reports: Sequence[PayoutReport],
        told_first: Sequence[PspReference],
    ) -> Mapping[Currency, int]:
        """What came back in a file of payouts of before all files. Of a file that the log has, the log tells."""
        if (known := await self._files.load(file_id)) is not None:
            return known.before_files("opening_return")
        if not told_first and all(one.status != "returned" for one in reports):
            return {}
        references = {one.psp_reference for one in reports} | set(told_first)
        payouts = {one: await self._payouts.load(account.payout_id(one)) for one in sorted(references)}
        return opening_returns(reports, payouts, told_first)


def payout_report(row: asyncpg.Record) -> PayoutReport:
    """What a line says of a payout. Its gross amount is what left the balance, so that the payout has the other sign."""
    if row["kind"] == "payout":
        reference, minor = (*row["about"], row["psp_reference"])[0], -row["gross_minor"]
    else:
        reference, minor = (
            row["parent_reference"] or (*row["about"], row["psp_reference"])[0],
            row["gross_minor"],
        )
    return PayoutReport(
        psp_reference=PspReference(reference),
        money=Money(minor, Currency(row["currency"])),
        status="in_transit" if row["kind"] == "payout" else "returned",
        created_at=row["occurred_at"],
        occurred_at=row["occurred_at"],
    )


async def sums_of_lines(connection: Connection, file_id: SettlementFileId) -> LineSums:
    """What the lines of a file that was read come to: one look at all of them."""
    rows = await connection.fetch(_SQL.sums_of_lines, file_id, timeout=TOTALS_SECONDS_MAX)
    return LineSums(
        totals=tuple(
            KindTotal(
                kind=row["kind"],
                currency=Currency(row["currency"]),
                lines=row["lines"],
                gross_minor=int(row["gross_minor"]),
                fee_minor=int(row["fee_minor"]),
            )
            for row in rows
        ),
        first_at=min((row["first_at"] for row in rows), default=None),
        last_at=max((row["last_at"] for row in rows), default=None),
    )


async def accepted_of(
    connection: Connection, file_id: SettlementFileId, sums: LineSums
) -> SettlementFileAccepted:
    """The event that a file was read."""
    row = await connection.fetchrow(_SQL.read_file, file_id)
    assert row is not None, file_id  # noqa: S101 -- it was read
    return SettlementFileAccepted(
        file_id=file_id,
        psp=PspName(row["psp"]),
        psp_account=PspAccount(row["psp_account"]),
        livemode=row["livemode"],
        source=row["source"],
        name=row["name"],
        sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        format=SettlementFormat(row["format"]),
        parser_version=int(row["parser_version"]),
        period_start=row["period_start"],
        period_end=row["period_end"],
        lines=sums.lines,
        occurred_at=row["period_end"],
        sequence=row["sequence"],
    )


async def totals_of(connection: Connection, file_id: SettlementFileId, sums: LineSums) -> Sequence[KindTotal]:
    """What the log is told of its lines."""
    before = await connection.fetch(_SQL.openings_of_file, file_id)
    return stated_totals(
        sums.totals,
        {Currency(row["currency"]): row["balance_minor"] for row in before if row["kind"] == "opening"},
        {Currency(row["currency"]): row["balance_minor"] for row in before if row["kind"] != "opening"},
    )
