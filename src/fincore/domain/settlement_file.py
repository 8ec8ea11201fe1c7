"""A settlement file: what its events make of it, and which events follow from reading it and from a run that matched its lines. Pure.

No line is an event: the lines of a file are totalled by kind and currency, and so is what a run found explained.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, assert_never

import msgspec

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.errors import EventImpossible
from fincore.domain.ids import RunId
from fincore.domain.refusal import Refusal
from fincore.domain.settlement_events import (
    BEFORE_FILES,
    PAYMENT_LIKE,
    SettlementFileAccepted,
    SettlementFileConverted,
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


class ConvertedTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What some lines of one kind come to that settle payments of `charge_currency` in `currency`, in minor units of each, signed from our side.

    Of the kind `conversion`, which counts no lines: what was converted of `charge_currency`, and what it brought in `currency`.
    `realised_minor` of `currency`: what these lines gained or lost by the rate.
    """

    kind: SettlementKind
    currency: Currency
    charge_currency: Currency
    lines: int
    gross_minor: int
    charge_gross_minor: int
    realised_minor: int = 0


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as its events tell it. `version` counts them; `matches` and `conversions` hold what each run found explained."""

    version: int
    accepted: SettlementFileAccepted
    totals: tuple[KindTotal, ...] = ()
    matches: tuple[tuple[RunId, KindTotal], ...] = ()
    conversions: tuple[tuple[RunId, ConvertedTotal], ...] = ()

    def total(self, kind: SettlementKind, currency: Currency) -> KindTotal | None:
        """What its lines of a kind and currency come to; None where it has none."""
        return _of(self.totals, kind, currency)

    def before_files(self, kind: SettlementKind) -> dict[Currency, int]:
        """What it states of one kind of `BEFORE_FILES`, in minor units by currency."""
        return {total.currency: total.gross_minor for total in self.totals if total.kind == kind}

    def matched_by(self, run_id: RunId, kind: SettlementKind, currency: Currency) -> KindTotal | None:
        """What a run found explained of them; None where it found nothing."""
        return _of((one for run, one in self.matches if run == run_id), kind, currency)

    def converted_by(
        self, run_id: RunId, kind: SettlementKind, currency: Currency, charge_currency: Currency
    ) -> ConvertedTotal | None:
        """What a run found explained of those that settle payments of another currency; None where it found nothing."""
        key = (run_id, kind, currency, charge_currency)
        return next((one for run, one in self.conversions if _key(run, one) == key), None)

    def lines_explained(self, kind: SettlementKind, currency: Currency, *, without: RunId) -> int:
        """How many of its lines of a kind and currency other runs found explained, wholly or in part."""
        explained: tuple[tuple[RunId, KindTotal | ConvertedTotal], ...] = (*self.matches, *self.conversions)
        return sum(
            one.lines
            for run, one in explained
            if run != without and (one.kind, one.currency) == (kind, currency)
        )


def evolve_settlement_file(file: SettlementFile | None, event: SettlementFileEvent) -> SettlementFile:
    """The file after an event. It is accepted first, then totalled, each kind and currency once, then matched, once a run.

    Raises `KeyError` for any other step: the log is then not one this code wrote.
    """
    name = settlement_file_event_type(event)
    if file is None or isinstance(event, SettlementFileAccepted):
        if file is not None or not isinstance(event, SettlementFileAccepted):
            raise KeyError((file and file.version, name))
        return SettlementFile(version=1, accepted=event)
    after = msgspec.structs.replace(file, version=file.version + 1)
    match event:
        case SettlementFileTotalled():
            total = _total_of(event)
            if file.matches or file.conversions or file.total(event.kind, event.currency):
                raise KeyError((event.kind, event.currency, name))
            return msgspec.structs.replace(after, totals=(*file.totals, total))
        case SettlementFileMatched():
            total = _total_of(event)
            if file.matched_by(event.run_id, event.kind, event.currency) or not file.total(
                event.kind, event.currency
            ):
                raise KeyError((event.kind, event.currency, name))
            return msgspec.structs.replace(after, matches=(*file.matches, (event.run_id, total)))
        case SettlementFileConverted():
            converted = _converted_of(event)
            # Of a conversion by lines of their own, the file may have either one.
            has_lines = file.total(event.kind, event.currency) or (
                event.kind == "conversion" and file.total(event.kind, event.charge_currency)
            )
            told = file.converted_by(event.run_id, event.kind, event.currency, event.charge_currency)
            if told or not has_lines:
                raise KeyError((event.kind, event.currency, name))
            return msgspec.structs.replace(after, conversions=(*file.conversions, (event.run_id, converted)))
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
    file: SettlementFile,
    run_id: RunId,
    sums: Sequence[KindTotal],
    conversions: Sequence[ConvertedTotal] = (),
    *,
    occurred_at: datetime,
) -> tuple[SettlementFileEvent, ...] | Refusal:
    """The events that a run found lines of a file explained; none of what the file knows of the run already."""
    if (refusal := _impossible_sums(file, run_id, sums, conversions)) is not None:
        return refusal
    about = file.accepted
    matched = (
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
    converted = (
        SettlementFileConverted(
            file_id=about.file_id,
            run_id=run_id,
            psp=about.psp,
            psp_account=about.psp_account,
            livemode=about.livemode,
            kind=one.kind,
            currency=one.currency,
            charge_currency=one.charge_currency,
            lines=one.lines,
            gross_minor=one.gross_minor,
            charge_gross_minor=one.charge_gross_minor,
            realised_minor=one.realised_minor,
            occurred_at=occurred_at,
        )
        for one in conversions
        if file.converted_by(run_id, one.kind, one.currency, one.charge_currency) is None
    )
    return (*matched, *converted)


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


def _impossible_sums(
    file: SettlementFile,
    run_id: RunId,
    sums: Sequence[KindTotal],
    conversions: Sequence[ConvertedTotal],
) -> Refusal | None:
    if (reason := _reason(sums) or _reason_of_conversions(conversions)) is not None:
        return Refusal("match_impossible", reason)
    lines = Counter[tuple[SettlementKind, Currency]]()
    # Lines of conversions are booked with the file: none of them waits for an event of a charge.
    of_charges = [one for one in conversions if one.kind != "conversion"]
    for pair in conversions:
        currencies = pair.currency, pair.charge_currency
        if pair.kind == "conversion" and not any(file.total("conversion", of) for of in currencies):
            return Refusal("match_impossible", "the file has no conversion of {} or {}".format(*currencies))
    explained: tuple[KindTotal | ConvertedTotal, ...] = (*sums, *of_charges)
    for one in explained:
        lines[one.kind, one.currency] += one.lines
    for (kind, currency), told in lines.items():
        total = file.total(kind, currency)
        before = file.lines_explained(kind, currency, without=run_id)
        if kind not in MATCHABLE:
            return Refusal("match_impossible", f"no event of a charge explains lines of the kind {kind}")
        # A line of which an earlier run matched a part is not counted again.
        if total is None or not (0 if before else 1) <= told <= total.lines - before:
            return Refusal(
                "match_impossible",
                f"{told} lines {kind} in {currency} are matched of {total.lines if total else 0}, of which other runs matched {before}",
            )
    if any(file.matched_by(run_id, one.kind, one.currency) not in (None, one) for one in sums) or any(
        file.converted_by(run_id, one.kind, one.currency, one.charge_currency) not in (None, one)
        for one in conversions
    ):
        return Refusal("match_impossible", f"{run_id} matched other lines of the file before")
    return None


def _reason_of_conversions(conversions: Sequence[ConvertedTotal]) -> str | None:
    """Why some totals of lines that settle payments of another currency cannot be."""
    if len({(one.kind, one.currency, one.charge_currency) for one in conversions}) < len(conversions):
        return "a kind and pair of currencies has several totals"
    for one in conversions:
        if not {one.currency, one.charge_currency} <= EXPONENTS.keys():
            return f"{one.currency[:20]!r} or {one.charge_currency[:20]!r} is no currency of payments"
        if one.currency == one.charge_currency:
            return f"lines {one.kind} settle payments of {one.currency} in the same currency"
        if one.lines < 0 or (one.kind == "conversion" and one.lines):
            return f"{one.lines} lines {one.kind}"
        if max(abs(one.gross_minor), abs(one.charge_gross_minor), abs(one.realised_minor)) > SUM_MINOR_MAX:
            return f"lines {one.kind} come to more than {SUM_MINOR_MAX} minor units"
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


def _converted_of(event: SettlementFileConverted) -> ConvertedTotal:
    return ConvertedTotal(
        kind=event.kind,
        currency=event.currency,
        charge_currency=event.charge_currency,
        lines=event.lines,
        gross_minor=event.gross_minor,
        charge_gross_minor=event.charge_gross_minor,
        realised_minor=event.realised_minor,
    )


def _key(run_id: RunId, one: ConvertedTotal) -> tuple[RunId, SettlementKind, Currency, Currency]:
    return run_id, one.kind, one.currency, one.charge_currency


def _of(totals: Iterable[KindTotal], kind: SettlementKind, currency: Currency) -> KindTotal | None:
    return next((one for one in totals if (one.kind, one.currency) == (kind, currency)), None)
