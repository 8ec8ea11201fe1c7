"""What an observation asks of the store, and a batch of such questions as the columns of one statement. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

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
        counts: dict[Counter, int] = {}
        members: list[Membership] = []
        for place, answer in answers.items():
            asked = self.asked[place]
            if isinstance(asked, Counter):
                counts[asked] = answer
            else:
                members.append(asked)
        return Readings(counts=counts, members=frozenset(members))


def question_of(
    observation: Observation, counters: Collection[Counter], memberships: Collection[Membership]
) -> Question:
    """What an observation asks; counters that are unknown of it are left out."""
    asked: list[Counter | Membership] = []
    steps: list[Step] = []
    lookups: list[Lookup] = []
    values: list[tuple[int, str, str]] = []
    addresses: list[tuple[int, str, str]] = []
    for counter in dict.fromkeys(counters):
        counted_by = observation.values_of(counter.key)
        if not counted_by or (counter.measure == "distinct_cards" and observation.card is None):
            continue
        place = len(asked)
        asked.append(counter)
        if counter.measure in ATTEMPT_MEASURES:
            steps += [_step(place, counter, value, observation) for value in counted_by]
        else:
            lookups += [_lookup(place, counter, value, observation) for value in counted_by]
    for membership in memberships:
        place = len(asked)
        asked.append(membership)
        found = values if membership.kind != "ip" else addresses
        found += [
            (place, membership.list, value) for value in looked_up_values(membership.kind, membership.value)
        ]
    return Question(
        observation.merchant_id,
        attempt_of(observation),
        tuple(asked),
        tuple(steps),
        tuple(lookups),
        tuple(values),
        tuple(addresses),
    )


def _step(place: int, counter: Counter, value: str, observation: Observation) -> Step:
    ring = ring_of(
        counter,
        value,
        merchant_id=observation.merchant_id,
        livemode=observation.livemode,
        currency=observation.money.currency,
    )
    length = bucket_seconds(counter.window)
    if counter.measure == "distinct_cards":
        card = None if observation.card is None else card_number_of(observation.card)
        return Step(place, ring, length, is_set=True, amount=0, card=card)
    amount = observation.money.amount_minor if counter.measure == "attempted_minor" else 1
    return Step(place, ring, length, is_set=False, amount=amount, card=None)


def _lookup(place: int, counter: Counter, value: str, observation: Observation) -> Lookup:
    outcome = outcome_of(
        counter.measure,
        counter.key,
        value,
        merchant_id=observation.merchant_id,
        livemode=observation.livemode,
        currency=observation.money.currency,
    )
    return Lookup(place, counter.measure, counter.key, outcome, WINDOW_SECONDS[counter.window])


def columns_of(questions: Sequence[Question]) -> list[Any]:
    """The parameters of the statement for a batch, in its order; the places are numbered through the whole batch.

    Numbers and hashes, of which there are many, go as one text and one run of bytes a column: asyncpg looks at each element of an
    array as if it might be an array, which takes longer than to write it.
    """
    attempts: list[bytes] = []
    rings: list[bytes] = []
    steps: list[tuple[int, int, bytes, int, bool, int, int | None]] = []
    lookups: list[tuple[int, str, str, bytes, int]] = []
    values: list[tuple[int, str, str, str]] = []
    addresses: list[tuple[int, str, str, str]] = []
    first = 0
    for question in questions:
        if question.steps:
            number = len(attempts)
            attempts.append(question.attempt)
            rings.append(b"".join(sorted(step.ring for step in question.steps)))
            steps += [
                (first + place, number, ring, length, is_set, amount, card)
                for place, ring, length, is_set, amount, card in question.steps
            ]
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
    places, numbers, step_rings, lengths, are_sets, amounts, cards = _columns(steps, 7)
    asked, measures, keys, outcomes, windows = _columns(lookups, 5)
    return [
        b"".join(attempts),
        rings,
        _text_of(places),
        _text_of(numbers),
        b"".join(step_rings),
        _text_of(lengths),
        _text_of(are_sets),
        _text_of(amounts),
        _text_of(cards),
        _text_of(asked),
        measures,
        keys,
        outcomes,
        _text_of(windows),
        *_columns(values, 4),
        *_columns(addresses, 4),
    ]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


def _text_of(column: Sequence[int | None]) -> str:
    """An array of numbers or truth values as PostgreSQL writes it."""
    return f"{{{_ENCODER.encode(column)[1:-1].decode()}}}"


_ENCODER: Final = msgspec.json.Encoder()
