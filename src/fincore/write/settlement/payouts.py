"""Recording payouts: one stream holds a payout, and it is the same one from whichever report it becomes known first."""

from fincore.domain.clock import Clock
from fincore.domain.ids import PayoutId, payout_stream_of
from fincore.domain.payout import Payout, PayoutAccount, PayoutReport, decide_payout, fold_payout
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import BankAccount, PayoutEvent
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import CONFLICTS_MAX, Contended, Recorded
from fincore.eventstore.writer import Writer


class PayoutRecorder:
    """Records what PSPs report of payouts. Holds no connection between its statements."""

    def __init__(self, log: EventLog[PayoutEvent], writer: Writer[PayoutEvent], clock: Clock) -> None:
        self._event_log = log
        self._writer = writer
        self._clock = clock

    async def load(self, payout_id: PayoutId) -> Payout | None:
        """The payout as the log tells it now, or None."""
        return fold_payout(one.event for one in await self._event_log.load(payout_stream_of(payout_id)))

    async def record(
        self,
        account: PayoutAccount,
        report: PayoutReport,
        provenance: Provenance,
        *,
        bank_account: BankAccount,
    ) -> Recorded[PayoutEvent] | Refusal | Contended:
        """Commit what follows from a report, of a payout that is known or not; a refusal wrote nothing.

        Raises `StoreUnavailable` or `Overloaded` as the writer does; repeating the whole is safe.
        """
        payout_id = account.payout_id(report.psp_reference)
        for _ in range(CONFLICTS_MAX):
            payout = await self.load(payout_id)
            events = decide_payout(payout, account, report, bank_account=bank_account, now=self._clock.now())
            if isinstance(events, Refusal) or not events:
                return events if isinstance(events, Refusal) else Recorded(())
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=payout_stream_of(payout_id),
                    expected_version=payout.version if payout else 0,
                    events=tuple(NewEvent(event) for event in events),
                )
            )
            if isinstance(result, Committed):
                return Recorded(events)
        return Contended()
