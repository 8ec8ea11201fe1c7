"""Recording fees that settlement files state: the charge has the fee, or a part of it back, from then on, unless that is known already."""

from typing import assert_never

import structlog

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.errors import EventImpossible
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import StreamId
from fincore.domain.returned_fee import StatedReturn, fee_return_event_id, fee_return_stated
from fincore.domain.stated_fee import StatedFee, fee_stated, stated_fee_event_id
from fincore.domain.taken_fee import StatedTake, fee_take_event_id, fee_take_stated
from fincore.eventstore.commit import Commit, Committed, NewEvent, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import CONFLICTS_MAX
from fincore.eventstore.writer import Writer

Stated = StatedFee | StatedReturn | StatedTake
"""What a file may say of a fee."""

_log = structlog.get_logger(__name__)


class StatedFeeRecorder:
    """Records what files state of fees. Holds no connection between its statements; repeating any of it is safe."""

    def __init__(self, log: EventLog[ChargeEvent], writer: Writer[ChargeEvent]) -> None:
        self._event_log = log
        self._writer = writer

    async def record(self, stream_id: StreamId, stated: Stated, provenance: Provenance) -> bool:
        """Commit what is stated of the charge of a stream; say whether it has become known by that.

        Where it is known, the statement is not about all of it, or others keep writing to it, nothing is written: the line and the
        ledger then differ, and that is a break. Raises `StoreUnavailable` or `Overloaded` as the writer does.
        """
        for _ in range(CONFLICTS_MAX):
            charge = await self._load(stream_id)
            events = () if charge is None else _events(charge, stream_id, stated)
            if charge is None or not events:
                return False
            result = await self._writer.commit(
                Commit(
                    provenance=provenance,
                    stream_id=stream_id,
                    expected_version=charge.version,
                    events=events,
                )
            )
            if isinstance(result, Committed):
                return True
        return False

    async def _load(self, stream_id: StreamId) -> Charge | None:
        """The charge; None where its stream is none that this version can follow: that of one charge keeps no run from the others."""
        try:
            return fold(one.event for one in await self._event_log.load(stream_id))
        except EventImpossible as error:
            _log.error("settlement.fee_not_told", stream_id=str(stream_id), reason=str(error))
            return None


def _events(charge: Charge, stream_id: StreamId, stated: Stated) -> tuple[NewEvent[ChargeEvent], ...]:
    match stated:
        case StatedFee():
            return tuple(
                NewEvent(event, stated_fee_event_id(stream_id, event)) for event in fee_stated(charge, stated)
            )
        case StatedReturn():
            event_id = fee_return_event_id(stream_id, stated)
            return tuple(NewEvent(event, event_id) for event in fee_return_stated(charge, stated))
        case StatedTake():
            event_id = fee_take_event_id(stream_id, stated)
            return tuple(NewEvent(event, event_id) for event in fee_take_stated(charge, stated))
        case _:
            assert_never(stated)
