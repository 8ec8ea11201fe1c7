"""Recording fees that settlement files state: the charge of a capture has the fee from then on, unless it has one already."""

from fincore.domain.charge_fold import fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.stated_fee import StatedFee, fee_stated, stated_fee_event_id
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import CONFLICTS_MAX
from fincore.eventstore.writer import Writer


class StatedFeeRecorder:
    """Records what files state of fees. Holds no connection between its statements; repeating any of it is safe."""

    def __init__(self, log: EventLog[ChargeEvent], writer: Writer[ChargeEvent]) -> None:
        self._event_log = log
        self._writer = writer

    async def record(self, stream_id: StreamId, stated: StatedFee, provenance: Provenance) -> bool:
        """Commit the fee of the charge of a stream; say whether it has become known by that.

        Where the charge has a fee, the statement is not about all of it, or others keep writing to it, nothing is written: the line
        and the ledger then differ, and that is a break. Raises `StoreUnavailable` or `Overloaded` as the writer does.
        """
        for _ in range(CONFLICTS_MAX):
            charge = fold(one.event for one in await self._event_log.load(stream_id))
            events = fee_stated(charge, stated) if charge is not None else ()
            if charge is None or not events:
                return False
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=stream_id,
                    expected_version=charge.version,
                    events=tuple(NewEvent(event, stated_fee_event_id(stream_id)) for event in events),
                )
            )
            if isinstance(result, Committed):
                return True
        return False
