"""What the books hold of charges, read where an event gives back: so that no entry gives back more than was taken."""

from collections.abc import Sequence
from typing import Final

from fincore.domain.ids import StreamId
from fincore.domain.recorded_event import RecordedEvent
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection
from fincore.read.ledger.entry import Entry, Holding, entry_of, gives_back, held_after
from fincore.read.ledger.journal import MoneyEvent

_SQL = load_sql("fincore.read.ledger", "holdings.sql")
_NOTHING: Final[Holding] = {}


class Holdings:
    """The holdings of some charges as a batch goes on. Of a charge that is not among them nothing is known, nor needed."""

    def __init__(self, of_charges: dict[StreamId, Holding]) -> None:
        self._of_charges = of_charges

    def book(self, recorded: RecordedEvent[MoneyEvent]) -> Entry | None:
        """The entry of the next event, held against what the books hold of its charge; None where no money moved."""
        holding = self._of_charges.get(recorded.stream_id)
        entry = entry_of(recorded.event, holding=holding)
        if entry is not None and holding is not None:
            self._of_charges[recorded.stream_id] = held_after(holding, entry)
        return entry


async def read_holdings(connection: Connection, candidates: Sequence[RecordedEvent[MoneyEvent]]) -> Holdings:
    """The holdings, before some events, of the charges of which something is given back by them; one statement, or none."""
    streams = {recorded.stream_id for recorded in candidates if gives_back(recorded.event)}
    if not streams:
        return Holdings({})
    of_charges = dict.fromkeys(streams, _NOTHING)
    for row in await connection.fetch(_SQL.holdings, list(streams)):
        held = of_charges[row["stream_id"]]
        of_charges[row["stream_id"]] = {**held, (row["code"], row["currency"]): row["held_minor"]}
    return Holdings(of_charges)
