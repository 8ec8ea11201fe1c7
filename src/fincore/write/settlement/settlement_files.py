"""Recording settlement files: one stream holds what a file states, and what runs matched of it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from fincore.domain.ids import RunId, SettlementFileId, settlement_file_stream_of
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_event_ids import event_id_of
from fincore.domain.settlement_events import SettlementFileAccepted, SettlementFileEvent
from fincore.domain.settlement_file import (
    ConvertedTotal,
    KindTotal,
    SettlementFile,
    accept_file,
    fold_settlement_file,
    match_lines,
)
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import CONFLICTS_MAX, Contended, NotFound, Recorded
from fincore.eventstore.writer import Writer

_Decision = Callable[[SettlementFile | None], tuple[SettlementFileEvent, ...] | Refusal | NotFound]


class SettlementFileRecorder:
    """Records what files state and what runs match of them. Holds no connection between its statements.

    Repeating any of it is safe: what the log has is not written again, and each event has one id.
    """

    def __init__(self, log: EventLog[SettlementFileEvent], writer: Writer[SettlementFileEvent]) -> None:
        self._event_log = log
        self._writer = writer

    async def load(self, file_id: SettlementFileId) -> SettlementFile | None:
        """The file as the log tells it now, or None."""
        recorded = await self._event_log.load(settlement_file_stream_of(file_id))
        return fold_settlement_file(one.event for one in recorded)

    async def accept(
        self, accepted: SettlementFileAccepted, totals: Sequence[KindTotal], provenance: Provenance
    ) -> Recorded[SettlementFileEvent] | Refusal | NotFound | Contended:
        """Commit that a file was read, with all of its totals; a refusal wrote nothing."""
        return await self._record(
            accepted.file_id, lambda file: accept_file(file, accepted, totals), provenance
        )

    async def match(
        self,
        file_id: SettlementFileId,
        run_id: RunId,
        sums: Sequence[KindTotal],
        provenance: Provenance,
        *,
        occurred_at: datetime,
        conversions: Sequence[ConvertedTotal] = (),
    ) -> Recorded[SettlementFileEvent] | Refusal | NotFound | Contended:
        """Commit what a run matched of a file that was accepted, in one currency and across two; a refusal wrote nothing."""
        return await self._record(
            file_id,
            lambda file: (
                NotFound()
                if file is None
                else match_lines(file, run_id, sums, conversions, occurred_at=occurred_at)
            ),
            provenance,
        )

    async def _record(
        self, file_id: SettlementFileId, decision: _Decision, provenance: Provenance
    ) -> Recorded[SettlementFileEvent] | Refusal | NotFound | Contended:
        for _ in range(CONFLICTS_MAX):
            file = await self.load(file_id)
            events = decision(file)
            if not isinstance(events, tuple):
                return events
            if not events:
                return Recorded(())
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=settlement_file_stream_of(file_id),
                    expected_version=file.version if file else 0,
                    events=tuple(NewEvent(event, event_id_of(event)) for event in events),
                )
            )
            # An event of the same id may have been there already, with another content: the log says what counts.
            if isinstance(result, Committed) and decision(await self.load(file_id)) == ():
                return Recorded(events)
        return Contended()
