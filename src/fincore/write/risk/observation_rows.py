"""What an observation asks of the store, and a batch of such questions as the columns of one statement. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from fincore.write.risk.list_values import looked_up_values
from fincore.write.risk.rings import (
    ATTEMPT_MEASURES,
    WINDOW_SECONDS,
    attempt_of,
    bucket_seconds,
    card_number_of,
    outcome_of,
    ring_of,
)
from fincore.write.risk.store import Counter, Key, Measure, Membership, Observation, Readings


class Step(NamedTuple):
    """A counter of attempts that one observation counts in: `amount` is 1 or the charge's, `card` what `distinct_cards` adds."""

    place: int
    ring: bytes
    bucket_seconds: int
    is_set: bool
    amount: int
    card: int | None


class Lookup(NamedTuple):
    """A counter of outcomes to read."""

    place: int
    measure: Measure
    key: Key
    outcome: bytes
    window_seconds: int


class Question(NamedTuple):
    """What one observation asks. `asked` are its counters and memberships, each known by its place from 0 on.

    A card that is known by its token and its fingerprint has a counter by each, at one place: the higher one is the answer.
    """

    merchant_id: str
    attempt: bytes
    asked: tuple[Counter | Membership, ...]
    steps: tuple[Step, ...]
    lookups: tuple[Lookup, ...]
    values: tuple[tuple[int, str, str], ...]
    addresses: tuple[tuple[int, str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to ask the database."""
        return not (self.steps or self.lookups or self.values or self.addresses)

    @property
    def claim(self) -> bytes | None:
        """The attempt that no other question of the same statement may name; None where nothing is counted."""
        return self.attempt if self.steps else None

    def readings(self, answers: Mapping[int, int]) -> Readings:
        """What the answers mean, each to the question at its place. A counter without an answer is unknown."""
        return Readings(
            counts={
                asked: answers[place]
                for place, asked in enumerate(self.asked)
                if isinstance(asked, Counter) and place in answers
            },
            members=frozenset(
                asked
                for place, asked in enumerate(self.asked)
                if isinstance(asked, Membership) and place in answers
            ),
        )


def question_of(
    observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
) -> Question:
    """What an observation asks; counters that are unknown of it are left out."""
    known = [counter for counter in dict.fromkeys(counters) if _is_known(counter, observation)]
    steps: list[Step] = []
    lookups: list[Lookup] = []
    values: list[tuple[int, str, str]] = []
    addresses: list[tuple[int, str, str]] = []
    card = None if observation.card is None else card_number_of(observation.card)
    merchant_id, livemode = observation.merchant_id, observation.livemode
    currency = observation.money.currency
    asked = [
        (place, counter, value)
        for place, counter in enumerate(known)
        for value in observation.values_of(counter.key)
    ]
    for place, counter, value in asked:
        if counter.measure not in ATTEMPT_MEASURES:
            outcome = outcome_of(
                counter.measure,
                counter.key,
                value,
                merchant_id=merchant_id,
                livemode=livemode,
                currency=currency,
            )
            lookups.append(
                Lookup(place, counter.measure, counter.key, outcome, WINDOW_SECONDS[counter.window])
            )
            continue
        ring = ring_of(counter, value, merchant_id=merchant_id, livemode=livemode, currency=currency)
        is_set = counter.measure == "distinct_cards"
        amount = observation.money.amount_minor if counter.measure == "attempted_minor" else 1
        steps.append(
            Step(
                place,
                ring,
                bucket_seconds(counter.window),
                is_set,
                0 if is_set else amount,
                card if is_set else None,
            )
        )
    for place, membership in enumerate(memberships, start=len(known)):
        found = values if membership.kind != "ip" else addresses
        found += [
            (place, membership.list, value) for value in looked_up_values(membership.kind, membership.value)
        ]
    return Question(
        observation.merchant_id,
        attempt_of(observation),
        (*known, *memberships),
        tuple(steps),
        tuple(lookups),
        tuple(values),
        tuple(addresses),
    )


def _is_known(counter: Counter, observation: Observation) -> bool:
    if counter.measure == "distinct_cards" and observation.card is None:
        return False
    return bool(observation.values_of(counter.key))


def columns_of(questions: Sequence[Question]) -> list[Sequence[Any]]:
    """The parameters of the statement for a batch, in its order; the places are numbered through the whole batch."""
    attempts: list[tuple[bytes, bytes]] = []
    steps: list[tuple[int, bytes, bytes, int, bool, int, int | None]] = []
    lookups: list[tuple[int, str, str, bytes, int]] = []
    values: list[tuple[int, str, str, str]] = []
    addresses: list[tuple[int, str, str, str]] = []
    first = 0
    for question in questions:
        if question.steps:
            rings = b"".join(sorted(step.ring for step in question.steps))
            attempts.append((question.attempt, rings))
        for place, ring, length, is_set, amount, card in question.steps:
            steps.append((first + place, question.attempt, ring, length, is_set, amount, card))
        lookups += [
            (first + place, measure, key, outcome, length)
            for place, measure, key, outcome, length in question.lookups
        ]
        values += [
            (first + place, name, value, question.merchant_id) for place, name, value in question.values
        ]
        addresses += [
            (first + place, name, value, question.merchant_id) for place, name, value in question.addresses
        ]
        first += len(question.asked)
    return [
        *_columns(attempts, 2),
        *_columns(steps, 7),
        *_columns(lookups, 5),
        *_columns(values, 4),
        *_columns(addresses, 4),
    ]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count
