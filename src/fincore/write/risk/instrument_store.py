"""What PSPs told of cards before, in PostgreSQL: looked up for many charges at once, and deleted when its time is over."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from fincore.domain.errors import StoreUnavailable
from fincore.domain.payment_method import CardInstrument
from fincore.postgres.failures import OUTAGES, outage_of
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.shared_fetch import SharedFetch

_SQL = load_sql("fincore.write.risk", "instrument_store.sql")

LAPSED_KEPT_FOR: Final = timedelta(0)
"""Facts are deleted on the day after the one on which they lapse."""


class PostgresEarlierCards:
    """An `EarlierCards`. The role `risk` writes what is found here."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._cards: SharedFetch[bytes, CardInstrument] = SharedFetch(self._fetch)

    async def find(self, instrument: bytes) -> CardInstrument | None:
        """The facts of the card behind a token, as the port says."""
        return await self._cards.find(instrument)

    async def purge(self, *, kept_for: timedelta = LAPSED_KEPT_FOR, rows_max: int) -> int:
        """Delete what has lapsed for that long, at most `rows_max` rows; return how many."""
        status = await self._pool.execute(_SQL.purge_instruments, kept_for, rows_max)
        return int(status.rpartition(" ")[2])

    async def _fetch(self, instruments: Sequence[bytes]) -> Mapping[bytes, CardInstrument]:
        try:
            rows = await self._pool.fetch(_SQL.find_instruments, instruments)
        except Exception as error:
            outage = outage_of(error)
            if outage is None:
                raise
            raise StoreUnavailable(OUTAGES[outage]) from error
        return {
            row["instrument"]: CardInstrument(
                brand=row["brand"],
                country=row["country"],
                funding=row["funding"],
                fingerprint=row["fingerprint"],
            )
            for row in rows
        }
