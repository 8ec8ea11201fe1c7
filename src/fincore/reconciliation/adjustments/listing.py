"""Adjustments as people read them."""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.adjustment_events import Adjusted, AdjustmentKind
from fincore.domain.currency import Currency
from fincore.domain.ids import AdjustmentId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool

_SQL = load_sql("fincore.reconciliation.adjustments", "acts.sql")

STATEMENT_SECONDS_MAX: Final = 60.0


class ListedAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided. `break_id` and `break_class` are those of the break that it ended; an opening has none.

    `is_matched`: a run found both sides equal with it. `told_at`: since when the log has it.
    """

    adjustment_id: AdjustmentId
    kind: AdjustmentKind
    adjusts: Adjusted
    break_id: int | None
    break_class: str | None
    psp: str
    psp_account: str
    currency: Currency
    gross_minor: int
    fee_minor: int
    by: str
    reason: str
    decided_at: datetime
    told_at: datetime | None
    is_matched: bool
    reversed_by: str | None
    reversed_for: str | None
    reversed_at: datetime | None

    @property
    def amount_minor(self) -> int:
        """What it comes to, fee included."""
        return self.gross_minor + self.fee_minor


async def list_adjustments(ledgerdb: Pool, *, livemode: bool, limit: int) -> list[ListedAdjustment]:
    """Those of a mode, the last decided first."""
    rows = await ledgerdb.fetch(_SQL.list_adjustments, livemode, limit, timeout=STATEMENT_SECONDS_MAX)
    return [msgspec.convert(dict(row), ListedAdjustment) for row in rows]
