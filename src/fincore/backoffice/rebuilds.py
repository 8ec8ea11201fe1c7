"""Read models built again from the log, or compared with it, and how long that took."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fincore.domain.ids import StreamId
from fincore.domain.log_events import LogEvent
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.read.ledger import comparison
from fincore.read.ledger import rebuild as ledger
from fincore.read.projectionist import rebuild as projectionist


class PaymentRebuild(NamedTuple):
    """PaymentDB as the log makes it. `differences` are None where it was replaced without a comparison.

    `names` are of the charges and sessions that cannot be folded.
    """

    rebuilt: projectionist.Rebuilt
    names: Mapping[StreamId, str]
    differences: Sequence[projectionist.Difference] | None
    seconds: float


class LedgerRebuild(NamedTuple):
    """LedgerDB as the log makes it, compared with the live one."""

    rebuilt: comparison.Rebuilt
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the live ledger is now what the log makes of it."""
        return self.rebuilt.first_id is None or self.rebuilt.is_replaced


async def rebuild_paymentdb(log: EventLog[LogEvent], owner: Pool, *, verify_only: bool) -> PaymentRebuild:
    """Build PaymentDB again and let it take the place of the live one, or only compare the two.

    `owner` has the rights of the tables' owner. Raises `TooManyParked` and `TablesInUse`.
    """
    began = time.perf_counter()
    if verify_only:
        rebuilt, differences = await projectionist.verify(log, owner)
    else:
        rebuilt, differences = await projectionist.rebuild(log, owner), None
    names = await log.names(rebuilt.parked)
    return PaymentRebuild(rebuilt, names, differences, time.perf_counter() - began)


async def rebuild_ledgerdb(log: EventLog[LogEvent], owner: Pool, *, verify_only: bool) -> LedgerRebuild:
    """Build the ledger again, compare it with the live one, and replace what differs unless `verify_only`.

    `owner` has the rights of the tables' owner. Raises `SealedDiffers` where what differs is sealed, and `LedgerInUse`;
    nothing is replaced then.
    """
    began = time.perf_counter()
    build = ledger.verify if verify_only else ledger.rebuild
    return LedgerRebuild(await build(log, owner), time.perf_counter() - began)
