"""Asking the PSP, through a worker, how a charge stands after its customer may have acted; bounded for any polling."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Never

import msgspec
import structlog

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.ids import ChargeId, MerchantId
from fincore.eventstore.commit import Commit, Provenance
from fincore.eventstore.writer import Writer
from fincore.write.queue.job_payloads import inquire_job

_log = structlog.get_logger(__name__)

INQUIRIES_PER_SECOND: Final = 5.0
"""Inquiries that one process asks for in one mode of one merchant, on average. Of one charge the queue keeps apart those
that come within `INQUIRY_INTERVAL_SECONDS`."""
INQUIRIES_AT_ONCE_MAX: Final = 20
"""Inquiries that may come at once before that average counts."""
ACCOUNTS_REMEMBERED_MAX: Final = 10_000
"""For how many merchants and modes the latest inquiries are counted; the one that asked longest ago is forgotten first."""

Account = tuple[MerchantId, bool]
"""A merchant in one mode."""


class _Bucket(msgspec.Struct):
    left: float
    filled_at: float


class InquiryBudget:
    """How many inquiries each merchant's mode may still cause: a token bucket each."""

    def __init__(
        self,
        *,
        per_second: float = INQUIRIES_PER_SECOND,
        at_once_max: int = INQUIRIES_AT_ONCE_MAX,
        accounts_max: int = ACCOUNTS_REMEMBERED_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._at_once_max = at_once_max
        self._accounts_max = accounts_max
        self._monotonic = monotonic
        self._buckets: OrderedDict[Account, _Bucket] = OrderedDict()

    def take(self, account: Account) -> bool:
        """Whether the account may cause one more now; it counts if so."""
        now = self._monotonic()
        bucket = self._buckets.setdefault(account, _Bucket(float(self._at_once_max), now))
        self._buckets.move_to_end(account)
        if len(self._buckets) > self._accounts_max:
            self._buckets.popitem(last=False)
        refilled = bucket.left + (now - bucket.filled_at) * self._per_second
        bucket.left, bucket.filled_at = min(refilled, float(self._at_once_max)), now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True


class Inquiries:
    """Has a worker ask the PSP, by a Commit: this process talks to no PSP."""

    def __init__(self, writer: Writer[Never], budget: InquiryBudget | None = None) -> None:
        self._writer = writer
        self._budget = budget or InquiryBudget()

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
