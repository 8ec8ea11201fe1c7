"""A settlement file: what its events make of it, and which events follow from reading it and from a run that matched its lines. Pure.

No line is an event: the lines of a file are totalled by kind and currency, and so is what a run found explained.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, assert_never
from uuid import uuid5

import msgspec

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import EventId, RunId, SettlementFileId, settlement_file_stream_of
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    BEFORE_FILES,
    PAYMENT_LIKE,
    SettlementFileAccepted,
    SettlementFileEvent,
    SettlementFileMatched,
    SettlementFileTotalled,
    SettlementKind,
    settlement_file_event_type,
)

SUM_MINOR_MAX: Final = 999_999_999_999_999_999
"""The most that the lines of one kind and currency may come to, either way, in minor units: a ninth of PostgreSQL's bigint."""

MATCHABLE: Final[frozenset[SettlementKind]] = PAYMENT_LIKE - BEFORE_FILES
"""The kinds of lines that an event of a charge may explain."""


class KindTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What some lines of one kind and currency come to, in minor units and signed from our side, fees apart."""

    kind: SettlementKind
    currency: Currency
    lines: int
    gross_minor: int
    fee_minor: int


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as its events tell it. `version` counts them; `matches` holds what each run found explained."""

    version: int
    accepted: SettlementFileAccepted
    totals: tuple[KindTotal, ...] = ()
    matches: tuple[tuple[RunId, KindTotal], ...] = ()

    def total(self, kind: SettlementKind, currency: Currency) -> KindTotal | None:
        """What its lines of a kind and currency come to; None where it has none."""
        return _of(self.totals, kind, currency)

    def before_files(self, kind: SettlementKind) -> dict[Currency, int]:
        """What it states of one kind of `BEFORE_FILES`, in minor units by currency."""
        return {total.currency: total.gross_minor for total in self.totals if total.kind == kind}

    def matched_by(self, run_id: RunId, kind: SettlementKind, currency: Currency) -> KindTotal | None:
        """What a run found explained of them; None where it found nothing."""
        return _of((one for run, one in self.matches if run == run_id), kind, currency)


def evolve_settlement_file(file: SettlementFile | None, event: SettlementFileEvent) -> SettlementFile:
    """The file after an event. It is accepted first, then totalled, each kind and currency once, then matched, once a run.

    Raises `KeyError` for any other step: the log is then not one this code wrote.
    """
    name = settlement_file_event_type(event)
    if file is None or isinstance(event, SettlementFileAccepted):
        if file is not None or not isinstance(event, SettlementFileAccepted):
            raise KeyError((file and file.version, name))
        return SettlementFile(version=1, accepted=event)
    total = _total_of(event)
    after = msgspec.structs.replace(file, version=file.version + 1)
    match event:
        case SettlementFileTotalled():
            if file.matches or file.total(event.kind, event.currency):
                raise KeyError((event.kind, event.currency, name))
            return msgspec.structs.replace(after, totals=(*file.totals, total))
        case SettlementFileMatched():
            if file.matched_by(event.run_id, event.kind, event.currency) or not file.total(
                event.kind, event.currency
            ):
                raise KeyError((event.kind, event.currency, name))
            return msgspec.structs.replace(after, matches=(*file.matches, (event.run_id, total)))
        case _:
            assert_never(event)


def fold_settlement_file(events: Iterable[SettlementFileEvent]) -> SettlementFile | None:
    """The file a whole stream tells; None for an empty stream. Raises `EventImpossible`."""
    file: SettlementFile | None = None
    for event in events:
        try:
            file = evolve_settlement_file(file, event)
        except KeyError:
            version = file.version + 1 if file else 1
            raise EventImpossible(version, settlement_file_event_type(event)) from None
    return file


def accept_file(
    file: SettlementFile | None, accepted: SettlementFileAccepted, totals: Sequence[KindTotal]
) -> tuple[SettlementFileEvent, ...] | Refusal:
    """The events that a file was read, all of them in one Commit; none where it was accepted before with the same totals."""
    if (refusal := _impossible_totals(accepted, totals)) is not None:
        return refusal
    if file is not None:
        if set(file.totals) == set(totals):
            return ()
        return Refusal(
            "file_differs",
            f"{accepted.file_id} was read before by version {file.accepted.parser_version} of the parser, with other totals than by "
            f"version {accepted.parser_version}",
        )
    return (
        accepted,
        *(
            SettlementFileTotalled(
                file_id=accepted.file_id,
                psp=accepted.psp,
                psp_account=accepted.psp_account,
                livemode=accepted.livemode,
                kind=total.kind,
                currency=total.currency,
                lines=total.lines,
                gross_minor=total.gross_minor,
                fee_minor=total.fee_minor,
                occurred_at=accepted.occurred_at,
            )
            for total in totals
        ),
    )


def match_lines(
    file: SettlementFile, run_id: RunId, sums: Sequence[KindTotal], *, occurred_at: datetime
) -> tuple[SettlementFileEvent, ...] | Refusal:
    """The events that a run found lines of a file explained; none of what the file knows of the run already."""
    if (refusal := _impossible_sums(file, run_id, sums)) is not None:
        return refusal
    about = file.accepted
    return tuple(
        SettlementFileMatched(
            file_id=about.file_id,
            run_id=run_id,
            psp=about.psp,
            psp_account=about.psp_account,
            livemode=about.livemode,
            kind=one.kind,
            currency=one.currency,
            lines=one.lines,
            gross_minor=one.gross_minor,
            fee_minor=one.fee_minor,
            occurred_at=occurred_at,
        )
        for one in sums
        if file.matched_by(run_id, one.kind, one.currency) is None
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
        case _:
            assert_never(event)


def matched_event_id(
    file_id: SettlementFileId, run_id: RunId, kind: SettlementKind, currency: Currency
) -> EventId:
    """The id of the event that a run matched lines of a kind and currency in a file."""
    return EventId(uuid5(settlement_file_stream_of(file_id), f"matched:{run_id}:{kind}:{currency}"))


def _impossible_totals(accepted: SettlementFileAccepted, totals: Sequence[KindTotal]) -> Refusal | None:
    if (reason := _reason(totals)) is not None:
        return Refusal("file_totals_impossible", reason)
    lines = sum(total.lines for total in totals if total.kind not in BEFORE_FILES)
    if lines != accepted.lines:
        return Refusal(
            "file_totals_impossible",
            f"the totals are over {lines} lines, and the file has {accepted.lines}",
        )
    return None


def _impossible_sums(file: SettlementFile, run_id: RunId, sums: Sequence[KindTotal]) -> Refusal | None:
    if (reason := _reason(sums)) is not None:
        return Refusal("match_impossible", reason)
    for one in sums:
        total, known = (
            file.total(one.kind, one.currency),
            file.matched_by(run_id, one.kind, one.currency),
        )
        before = sum(
            other.lines
            for run, other in file.matches
            if run != run_id and (other.kind, other.currency) == (one.kind, one.currency)
        )
        if one.kind not in MATCHABLE:
            return Refusal("match_impossible", f"no event of a charge explains lines of the kind {one.kind}")
        # A line of which an earlier run matched a part is not counted again.
        if total is None or not (0 if before else 1) <= one.lines <= total.lines - before:
            return Refusal(
                "match_impossible",
                f"{one.lines} lines {one.kind} in {one.currency} are matched of {total.lines if total else 0}, of which other runs "
                f"matched {before}",
            )
        if known not in (None, one):
            return Refusal(
                "match_impossible", f"{run_id} matched other lines {one.kind} in {one.currency} before"
            )
    return None


def _reason(totals: Sequence[KindTotal]) -> str | None:
    """Why some totals cannot be, of a file or of a match."""
    if len({(one.kind, one.currency) for one in totals}) < len(totals):
        return "a kind and currency has several totals"
    for one in totals:
        if one.currency not in EXPONENTS:
            return f"{one.currency[:20]!r} is no currency of payments"
        if one.lines < 0:
            return f"{one.lines} lines {one.kind}"
        if max(abs(one.gross_minor), abs(one.fee_minor)) > SUM_MINOR_MAX:
            return f"lines {one.kind} come to more than {SUM_MINOR_MAX} minor units of {one.currency}"
    return None


def _total_of(event: SettlementFileTotalled | SettlementFileMatched) -> KindTotal:
    return KindTotal(
        kind=event.kind,
        currency=event.currency,
        lines=event.lines,
        gross_minor=event.gross_minor,
        fee_minor=event.fee_minor,
    )


def _of(totals: Iterable[KindTotal], kind: SettlementKind, currency: Currency) -> KindTotal | None:
    return next((one for one in totals if (one.kind, one.currency) == (kind, currency)), None)
