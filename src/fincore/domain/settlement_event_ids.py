"""The ids of the events in the stream of a settlement file: each follows from what the event is about, so that the log takes it once. Pure."""

from typing import assert_never
from uuid import uuid5

from fincore.domain.currency import Currency
from fincore.domain.ids import EventId, RunId, SettlementFileId, settlement_file_stream_of
from fincore.domain.settlement_events import (
    SettlementFileAccepted,
    SettlementFileConverted,
    SettlementFileEvent,
    SettlementFileMatched,
    SettlementFileTotalled,
    SettlementKind,
)


def event_id_of(event: SettlementFileEvent) -> EventId:
    """The id of an event in the stream of its file: always the same, so that the log takes it once."""
    stream_id = settlement_file_stream_of(event.file_id)
    match event:
        case SettlementFileAccepted():
            return EventId(uuid5(stream_id, "accepted"))
        case SettlementFileTotalled():
            return EventId(uuid5(stream_id, f"totalled:{event.kind}:{event.currency}"))
        case SettlementFileMatched():
            return matched_event_id(event.file_id, event.run_id, event.kind, event.currency)
        case SettlementFileConverted():
            return converted_event_id(
                event.file_id, event.run_id, event.kind, event.currency, event.charge_currency
            )
        case _:
            assert_never(event)


def matched_event_id(
    file_id: SettlementFileId, run_id: RunId, kind: SettlementKind, currency: Currency
) -> EventId:
    """The id of the event that a run matched lines of a kind and currency in a file."""
    return EventId(uuid5(settlement_file_stream_of(file_id), f"matched:{run_id}:{kind}:{currency}"))


def converted_event_id(
    file_id: SettlementFileId,
    run_id: RunId,
    kind: SettlementKind,
    currency: Currency,
    charge_currency: Currency,
) -> EventId:
    """The id of the event that a run matched lines of a kind and currency in a file that settle payments of another currency."""
    about = f"converted:{run_id}:{kind}:{currency}:{charge_currency}"
    return EventId(uuid5(settlement_file_stream_of(file_id), about))
