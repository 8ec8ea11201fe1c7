"""Asking the PSP, through a worker, how a charge stands after its customer may have acted; bounded for any polling."""

from typing import Final, Never

import structlog

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.ids import ChargeId, MerchantId
from fincore.eventstore.commit import Commit, Provenance
from fincore.eventstore.writer import Writer
from fincore.write.payments.budget import Budget
from fincore.write.queue.job_payloads import inquire_job

_log = structlog.get_logger(__name__)

INQUIRIES_PER_SECOND: Final = 5.0
"""Inquiries that one process asks for in one mode of one merchant, on average. Of one charge the queue keeps apart those
that come within `INQUIRY_INTERVAL_SECONDS`."""
INQUIRIES_AT_ONCE_MAX: Final = 20
"""Inquiries that may come at once before that average counts."""

Account = tuple[MerchantId, bool]
"""A merchant in one mode."""


class Inquiries:
    """Has a worker ask the PSP, by a Commit: this process talks to no PSP."""

    def __init__(self, writer: Writer[Never], budget: Budget[Account] | None = None) -> None:
        self._writer = writer
        self._budget: Budget[Account] = budget or Budget(
            per_second=INQUIRIES_PER_SECOND, at_once_max=INQUIRIES_AT_ONCE_MAX
        )

    async def ask(self, charge_id: ChargeId, account: Account, provenance: Provenance) -> None:
        """Ask how a charge stands. Nothing is asked where that would be too often, or the event store is away.

        It only makes an outcome known earlier: `charge.follow` asks in any case, and the PSP's webhook may come.
        """
        if not self._budget.take(account):
            _log.info("payments.inquiry_left_out", charge_id=charge_id)
            return
        try:
            await self._writer.commit(Commit(provenance=provenance, jobs=(inquire_job(charge_id),)))
        except (Overloaded, StoreUnavailable) as error:
            _log.warning("payments.inquiry_not_written", charge_id=charge_id, error=type(error).__name__)
