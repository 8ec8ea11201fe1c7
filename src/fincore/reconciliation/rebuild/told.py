"""What the log tells of settlement files, of runs that matched their lines and of adjustments, and where that differs from what is found. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentReversed
from fincore.domain.currency import Currency
from fincore.domain.ids import EventId, RunId, SettlementFileId
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.settlement_events import (
    SettlementFileAccepted,
    SettlementFileConverted,
    SettlementFileMatched,
    SettlementKind,
)
from fincore.domain.settlement_file import ConvertedTotal, KindTotal


class Part(NamedTuple):
    """The lines of a kind and currency in a file; with `charge_currency` those that settle payments of that one."""

    file_id: SettlementFileId
    kind: SettlementKind
    currency: Currency
    charge_currency: Currency | None = None


class Sums(NamedTuple):
    """How many lines, and what they come to in minor units, fees apart.

    Where the charges are of another currency, also what they come to in that one, and what the rate realised.
    """

    lines: int
    gross_minor: int
    fee_minor: int
    charge_gross_minor: int = 0
    realised_minor: int = 0


NOTHING = Sums(0, 0, 0)


class ToldFile(NamedTuple):
    """A file that was read and booked, and when the log recorded that."""

    accepted: SettlementFileAccepted
    recorded_at: datetime


class ToldAdjustment(NamedTuple):
    """What a person adjusted, or took back, and where in the log that is. `run_id`: the run that found the break; None where none is named."""

    run_id: RunId | None
    decided_at: datetime
    place: tuple[int, int]
    event_id: EventId


class ToldRun(NamedTuple):
    """A run that matched lines. `cut_off` is until when it looked, `place` that of its first event in the log, `event_ids` all of them."""

    run_id: RunId
    cut_off: datetime
    place: tuple[int, int]
    event_ids: Sequence[EventId]
    matched: Mapping[Part, Sums]


Step = ToldFile | ToldRun | ToldAdjustment


class MatchDifference(NamedTuple):
    """What the log tells that a run matched of a part of a file, and what is found when it is matched anew."""

    run_id: RunId
    part: Part
    told: Sums
    found: Sums


def steps_of(events: Iterable[RecordedEvent[object]]) -> list[Step]:
    """Files, runs and adjustments in the order of the log; a run stands where its first event does.

    Sums of a file are left out: its lines have them.
    """
    steps: list[Step] = []
    runs: dict[RunId, tuple[list[EventId], dict[Part, Sums]]] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, SettlementFileAccepted):
            steps.append(ToldFile(event, recorded.recorded_at))
        elif isinstance(event, SettlementFileMatched | SettlementFileConverted):
            if event.run_id not in runs:
                event_ids, matched = runs[event.run_id] = [], {}
                place = recorded.tx, recorded.pos
                steps.append(ToldRun(event.run_id, event.occurred_at, place, event_ids, matched))
            event_ids, matched = runs[event.run_id]
            event_ids.append(recorded.event_id)
            part, sums = _told(event)
            matched[part] = sums
        elif isinstance(event, AdjustmentBooked | AdjustmentReversed):
            place = recorded.tx, recorded.pos
            run_id = event.run_id if isinstance(event, AdjustmentBooked) else None
            steps.append(ToldAdjustment(run_id, event.occurred_at, place, recorded.event_id))
    return steps


def _told(event: SettlementFileMatched | SettlementFileConverted) -> tuple[Part, Sums]:
    if isinstance(event, SettlementFileMatched):
        part = Part(event.file_id, event.kind, event.currency)
        return part, Sums(event.lines, event.gross_minor, event.fee_minor)
    part = Part(event.file_id, event.kind, event.currency, event.charge_currency)
    return part, Sums(event.lines, event.gross_minor, 0, event.charge_gross_minor, event.realised_minor)


def files_of(steps: Iterable[Step]) -> list[SettlementFileId]:
    """The files among some steps."""
    return [step.accepted.file_id for step in steps if isinstance(step, ToldFile)]


def sums_of(
    matched: Mapping[SettlementFileId, Sequence[KindTotal]],
    converted: Mapping[SettlementFileId, Sequence[ConvertedTotal]],
) -> dict[Part, Sums]:
    """What a run matched, by part."""
    in_one = {
        Part(file_id, one.kind, one.currency): Sums(one.lines, one.gross_minor, one.fee_minor)
        for file_id, several in matched.items()
        for one in several
    }
    across = {
        Part(file_id, one.kind, one.currency, one.charge_currency): Sums(
            one.lines, one.gross_minor, 0, one.charge_gross_minor, one.realised_minor
        )
        for file_id, several in converted.items()
        for one in several
    }
    return in_one | across


def differences(told: ToldRun, found: Mapping[Part, Sums], *, is_last: bool) -> list[MatchDifference]:
    """Where a run differs from what the log tells of it, by part.

    Of the last run the log may lack events, as its process died: what is found beyond them is no difference, and is told again.
    """
    parts = told.matched.keys() if is_last else told.matched.keys() | found.keys()
    return [
        MatchDifference(told.run_id, part, told.matched.get(part, NOTHING), found.get(part, NOTHING))
        for part in sorted(
            parts, key=lambda one: (one.file_id, one.kind, one.currency, one.charge_currency or "")
        )
        if told.matched.get(part, NOTHING) != found.get(part, NOTHING)
    ]
