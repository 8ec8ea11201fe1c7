"""Reads kept files again, one after the other and each at most once a day, as long as the role runs."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from fincore.postgres.failures import is_outage
from fincore.postgres.pool import Pool
from fincore.reconciliation.evidence.port import EvidenceStore, EvidenceUnavailable
from fincore.reconciliation.evidence_check import EvidenceFlaw, check_due_file

_log = structlog.get_logger(__name__)

INTERVAL_SECONDS: Final = 600.0
"""The pause after all that is due was read, or the store could not be asked."""


class EvidenceWatch:
    """Several processes may read beside each other. What fails is logged and tried again, and ends nothing."""

    def __init__(
        self, ledgerdb: Pool, evidence: EvidenceStore, *, interval_seconds: float = INTERVAL_SECONDS
    ) -> None:
        self._pool = ledgerdb
        self._evidence = evidence
        self._interval_seconds = interval_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Read what is due until `stop`."""
        while not self._stopping.is_set():
            await self.read_once()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval_seconds):
                    await self._stopping.wait()

    async def read_once(self, *, may_go_on: Callable[[], bool] = lambda: True) -> None:
        """Read what is due, as `read_due` does; what fails is logged."""
        try:
            await self.read_due(may_go_on=may_go_on)
        except EvidenceUnavailable as error:
            _log.warning("reconciliation.evidence_unavailable", reason=str(error))
        except Exception as error:  # noqa: BLE001 -- the age of the last reading is a figure, and has an alert
            if is_outage(error):
                _log.warning("reconciliation.evidence_unread", error=repr(error))
            else:
                _log.exception("reconciliation.evidence_unread")

    async def read_due(self, *, may_go_on: Callable[[], bool] = lambda: True) -> int:
        """Read every file that is due as long as that holds before each, and return how many. Raises `EvidenceUnavailable`."""
        files = 0
        while (
            not self._stopping.is_set()
            and may_go_on()
            and (found := await check_due_file(self._pool, self._evidence))
        ):
            files += 1
            if isinstance(found, EvidenceFlaw):
                _log.error("reconciliation.evidence_damaged", record=found.record, reason=found.reason)
        return files

    def stop(self) -> None:
        """Let `run` return, after the file that is being read."""
        self._stopping.set()
