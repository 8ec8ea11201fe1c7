"""What became of charges, as risk rules count it: from the events of a stream to increments of counters. Pure.

An outcome counts at the time at which the log recorded it, by everything that the charge was counted by when it was asked for. What the
PSP's own record takes back later is taken back at the time and at the place of the log at which it had counted.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from fincore.domain.events import (
    ChargeCaptured,
    ChargeCorrected,
    ChargeCreated,
    ChargeEvent,
    ChargeFailed,
    DisputeOpened,
    EventType,
    FraudWarned,
    RiskAssessed,
    event_type,
)
from fincore.domain.outcome import FailureCode
from fincore.domain.payment_method import name_of
from fincore.domain.recorded_event import RecordedEvent
from fincore.write.risk.features import keys_of
from fincore.write.risk.instruments import card_told
from fincore.write.risk.rings import ATTEMPT_MEASURES, outcome_of
from fincore.write.risk.store import Counter, Key, Measure

DECLINES: Final[frozenset[FailureCode]] = frozenset(
    {
        "authentication_failed",
        "authentication_required",
        "card_declined",
        "expired_card",
        "incorrect_cvc",
        "incorrect_number",
        "payment_method_invalid",
    }
)
"""The codes of failed charges that are declines: the PSP or the bank refused this means of payment. A charge that our own rules block,
that was never carried out or that asked for what cannot be is none."""


Place = tuple[int, int]
"""A place (tx, pos) of the log."""
Pair = tuple[Measure, Key]
"""A measure of outcomes and what it is counted by. All windows of it are one counter."""


class Counted(NamedTuple):
    """Which measures an event changes, and when it does."""

    measures: tuple[Measure, ...]
    meaning: str


OUTCOMES: Final[Mapping[EventType, Counted]] = MappingProxyType(
    {
        "charge.failed": Counted(
            ("declines",), f"where its code is {', '.join(f'`{code}`' for code in sorted(DECLINES))}"
        ),
        "charge.captured": Counted(("captures", "captured_minor"), "always"),
        "charge.corrected": Counted(
            ("declines", "captures", "captured_minor"),
            "what had counted and never happened is taken back; what happened after all counts",
        ),
        "charge.fraud_warned": Counted(("fraud_warnings",), "always"),
        "dispute.opened": Counted(
            ("disputes", "fraud_disputes"),
            "always, also for an inquiry; `fraud_disputes` where its category is `fraud`",
        ),
    }
)
"""Every event that is an outcome. The others change no counter of outcomes."""
TELLING: Final[frozenset[EventType]] = frozenset({*OUTCOMES, "charge.instrument_told"})
"""Every event by which counters of outcomes may change: an outcome, or by which card an earlier one was."""


class Increment(NamedTuple):
    """An amount to add to one counter of outcomes, at a second since 1970; `version` is that of the event that tells of it.

    `place` is that of the event by which the outcome counts, or counted where it is taken back: a counter that began after it does
    not hold the outcome.
    """

    version: int
    pair: Pair
    outcome: bytes
    second: int
    amount: int
    place: Place

    def counts_since(self, since: Place, *, told_at: Place) -> bool:
        """Whether a counter that begins at `since` counts it; `told_at` is the place of the event that tells of it.

        What is taken back had counted at a place of its own.
        """
        return min(told_at, self.place) >= since


def pairs_of(counters: Collection[Counter]) -> frozenset[Pair]:
    """What has to be counted from the log for some counters to be known."""
    return frozenset((one.measure, one.key) for one in counters if one.measure not in ATTEMPT_MEASURES)


def tells_outcomes(event: ChargeEvent) -> bool:
    """Whether the counters of outcomes may change by an event."""
    return event_type(event) in TELLING


def increments_of(
    stream: Sequence[RecordedEvent[ChargeEvent]], counted: Collection[Pair]
) -> Iterator[Increment]:
    """What a charge adds to the counters of outcomes, from its first event on."""
    created = stream[0].event
    if not isinstance(created, ChargeCreated):
        raise TypeError("the first event of a charge is charge.created")
    tally = _Tally()
    values = keys_of(
        created.merchant_id,
        created.customer,
        created.customer_email,
        card=name_of(created.payment_method),
        first_digits=_first_digits(stream),
    )
    fingerprint: str | None = None
    before_fingerprint: list[_Change] = []
    for recorded in stream:
        told = _fingerprint_of(recorded.event)
        if told is not None and fingerprint is None:
            fingerprint = told
            for change in before_fingerprint:
                yield from _increments(created, recorded.version, change, [("card", told)], counted)
        # A charge asks by the card's fingerprint where that is known, else by its token: each finds all outcomes.
        by: dict[tuple[Key, str], None] = dict.fromkeys(values.items())
        if fingerprint is not None:
            by["card", fingerprint] = None
        for change in tally.changes_by(recorded):
            yield from _increments(created, recorded.version, change, by, counted)
            if fingerprint is None:
                before_fingerprint.append(change)


def _increments(
    created: ChargeCreated,
    version: int,
    change: "_Change",
    by: Iterable[tuple[Key, str]],
    counted: Collection[Pair],
) -> Iterator[Increment]:
    """What a change adds to the counters by some values."""
    for key, value in by:
        if (change.measure, key) in counted:
            outcome = outcome_of(
                change.measure,
                key,
                value,
                merchant_id=created.merchant_id,
                livemode=created.livemode,
                currency=created.currency,
            )
            second, place = change.at
            yield Increment(version, (change.measure, key), outcome, second, change.amount, place)


class _Moment(NamedTuple):
    """When something counts, in seconds since 1970, and at which place of the log."""

    second: int
    place: Place


class _Change(NamedTuple):
    measure: Measure
    amount: int
    at: _Moment


class _Tally:
    """What of a charge counts so far, and since when."""

    def __init__(self) -> None:
        self._declined_at: _Moment | None = None
        self._captured_at: _Moment | None = None
        self._captured_minor = 0

    def changes_by(self, recorded: RecordedEvent[ChargeEvent]) -> list[_Change]:
        at = _Moment(int(recorded.recorded_at.timestamp()), (recorded.tx, recorded.pos))
        changes: list[_Change]
        match recorded.event:
            case ChargeFailed(code=code) if code in DECLINES:
                self._declined_at = at
                return [_Change("declines", 1, at)]
            case ChargeCaptured(amount_minor=amount_minor):
                return self._captured(amount_minor, at)
            case ChargeCorrected() as corrected:
                changes = []
                if self._declined_at is not None:
                    changes.append(_Change("declines", -1, self._declined_at))
                    self._declined_at = None
                return changes + self._captured(corrected.captured_after_minor, at)
            case FraudWarned():
                return [_Change("fraud_warnings", 1, at)]
            case DisputeOpened(category=category):
                changes = [_Change("disputes", 1, at)]
                return [*changes, _Change("fraud_disputes", 1, at)] if category == "fraud" else changes
            case _:
                return []

    def _captured(self, amount_minor: int, at: _Moment) -> list[_Change]:
        """The changes by which `amount_minor` is what counts as captured."""
        more_minor = amount_minor - self._captured_minor
        since = at if self._captured_at is None else self._captured_at
        was_captured, is_captured = self._captured_at is not None, amount_minor > 0
        self._captured_minor = amount_minor
        self._captured_at = since if is_captured else None
        changes = [_Change("captured_minor", more_minor, since)] if more_minor else []
        if was_captured != is_captured:
            changes.append(_Change("captures", 1 if is_captured else -1, since))
        return changes


def _first_digits(stream: Sequence[RecordedEvent[ChargeEvent]]) -> str | None:
    """The first digits of the card, where it came by number and rules asked for them: nothing else in a stream tells them."""
    for recorded in stream:
        if isinstance(recorded.event, RiskAssessed):
            digits = recorded.event.assessment.facts.get("card_bin")
            return digits if isinstance(digits, str) else None
    return None


def _fingerprint_of(event: ChargeEvent) -> str | None:
    card = card_told(event)
    return None if card is None else card.fingerprint
