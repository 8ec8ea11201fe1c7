"""The reports that wait for a person, read from the log, so that they never lag."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fincore.domain.ids import ChargeId, MerchantId, charge_of, stream_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.psp.metrics import OLDEST_HELD_REPORT_SECONDS, REPORTS_HELD

_SQL = load_sql("fincore.write.psp", "held_reports.sql")


class WaitingReport(NamedTuple):
    """A report that is held on a charge, and why. `detail` is for staff."""

    charge_id: ChargeId
    psp: PspName
    psp_account: PspAccount
    psp_event_id: str
    report_type: str
    reason: str
    detail: str
    held_at: datetime
    merchant_id: MerchantId
    livemode: bool


async def list_held_reports(
    pool: Pool,
    *,
    charge_id: ChargeId | None = None,
    psp_event_id: str | None = None,
    report_type: str | None = None,
    livemode: bool | None = None,
    merchants: Sequence[MerchantId] | None = None,
    after: tuple[datetime, ChargeId, str] | None = None,
    limit: int,
) -> list[WaitingReport]:
    """Those held now, oldest first: all, or those of a charge, of an event of the PSP, of a type in its words, of a mode, of merchants.

    `after`: only those behind this time, charge, and SHA-256 of the PSP's id of the event in hexadecimal digits.
    """
    stream_id = None if charge_id is None else stream_of(charge_id)
    since, after_charge, digest = after or (None, None, None)
    rows = await pool.fetch(
        _SQL.list_held,
        stream_id,
        psp_event_id,
        report_type,
        limit,
        livemode,
        merchants,
        since,
        None if after_charge is None else stream_of(after_charge),
        digest,
    )
    return [
        WaitingReport(
            charge_id=charge_of(row["stream_id"]),
            psp=row["psp"],
            psp_account=row["psp_account"],
            psp_event_id=row["psp_event_id"],
            report_type=row["report_type"],
            reason=row["reason"],
            detail=row["detail"],
            held_at=row["recorded_at"],
            merchant_id=row["merchant_id"],
            livemode=row["livemode"],
        )
        for row in rows
    ]


async def measure_held_reports(pool: Pool) -> None:
    """Tell Prometheus how many are held, and for how long the oldest has been."""
    row = await pool.fetchrow(_SQL.count_held)
    REPORTS_HELD.set(row["reports"] if row else 0)
    OLDEST_HELD_REPORT_SECONDS.set(row["oldest_seconds"] if row else 0.0)
