"""The risk store: what its counters promise. Nothing here knows which adapter it runs on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fincore.domain.ids import new_merchant_id
from fincore.postgres.pool import Pool
from fincore.write.risk.rings import DISTINCT_CARDS_MAX, WINDOW_SECONDS, bucket_seconds
from fincore.write.risk.store import Counter, Observation, RiskStore, Window
from fixtures.dynamo_clients import dynamo_client
from fixtures.risk_stores import Attempts, DynamoWorld, Fault, PostgresWorld, RiskStoreWorld

BY_IP = Counter("attempts", "ip", "1h")
SUM_BY_IP = Counter("attempted_minor", "ip", "1h")
BY_CARD = Counter("attempts", "card", "1h")
CARDS_BY_IP = Counter("distinct_cards", "ip", "1h")
IP = "203.0.113.9"
HOUR = 3_600
BUCKET = HOUR // 60


@pytest.fixture
async def postgresql(pool: Pool) -> AsyncIterator[RiskStoreWorld]:
    world = PostgresWorld(pool)
    yield world
    await world.close()


@pytest.fixture
async def dynamodb(aws_url: str) -> AsyncIterator[RiskStoreWorld]:
    async with dynamo_client(aws_url) as client:
        world = DynamoWorld(client)
        await world.open()
        yield world
        await world.close()


@pytest.fixture(params=["postgresql", "dynamodb"])
def world(request: pytest.FixtureRequest) -> RiskStoreWorld:
    found: RiskStoreWorld = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def attempts() -> Attempts:
    return Attempts()


async def count(store: RiskStore, observation: Observation, counter: Counter) -> int:
    return (await counts(store, observation, counter))[0]


async def counts(store: RiskStore, observation: Observation, *counters: Counter) -> tuple[int, ...]:
    readings = await store.observe(observation, counters, ())
    return tuple(readings.counts[counter] for counter in counters)


async def test_attempt_is_counted_in_what_it_reads(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    assert await count(store, attempts.next(ip=IP), BY_IP) == 1
    assert await count(store, attempts.next(ip=IP), BY_IP) == 2
    assert await count(world.process(), attempts.next(ip=IP), BY_IP) == 3


async def test_counters_of_others_are_left_alone(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    assert await count(store, attempts.next(ip=IP), BY_IP) == 1
    assert await count(store, attempts.next(ip="203.0.113.10"), BY_IP) == 1
    assert await count(store, attempts.next(ip=IP, livemode=False), BY_IP) == 1
    assert await count(store, attempts.next(ip=IP, merchant_id=new_merchant_id()), BY_IP) == 1
    assert await count(store, attempts.next(ip=IP, email=IP), Counter("attempts", "email", "1h")) == 1
    assert await count(store, attempts.next(ip=IP), Counter("attempts", "ip", "10m")) == 1
    assert await count(store, attempts.next(ip=IP), BY_IP) == 2


async def test_sum_is_of_one_currency(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    assert await count(store, attempts.next(ip=IP, amount_minor=500), SUM_BY_IP) == 500
    assert await counts(store, attempts.next(ip=IP, amount_minor=70, currency="usd"), SUM_BY_IP, BY_IP) == (
        70,
        1,
    )
    assert await counts(store, attempts.next(ip=IP, amount_minor=25), SUM_BY_IP, BY_IP) == (525, 2)


async def test_sum_of_huge_amounts_does_not_overflow(world: RiskStoreWorld, attempts: Attempts) -> None:
    store, huge = world.process(), 999_999_999_999_999
    observations = [attempts.next(ip=IP, amount_minor=huge) for _ in range(300)]
    found = await asyncio.gather(*(count(store, one, SUM_BY_IP) for one in observations))
    assert sorted(found) == [huge * number for number in range(1, 301)]


async def test_cards_are_counted_apart(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    found = [
        await count(store, attempts.next(ip=IP, card=card), CARDS_BY_IP) for card in ("a", "a", "b", "a")
    ]
    assert found == [1, 1, 2, 2]
    world.advance(HOUR)
    assert await count(store, attempts.next(ip=IP, card="c"), CARDS_BY_IP) == 3
    world.advance(BUCKET)
    assert await count(store, attempts.next(ip=IP, card="c"), CARDS_BY_IP) == 1


async def test_different_cards_are_unknown_without_a_card(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    await store.observe(attempts.next(ip=IP, card="a"), [CARDS_BY_IP], ())
    assert (await store.observe(attempts.next(ip=IP), [CARDS_BY_IP, BY_IP], ())).counts == {BY_IP: 1}
    assert await count(store, attempts.next(ip=IP, card="b"), CARDS_BY_IP) == 2


async def test_bursts_over_the_bound_keep_the_latest_cards(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()

    async def burst(first: int) -> list[int]:
        made = [attempts.next(ip=IP, card=f"{number}") for number in range(first, first + 100)]
        return sorted(await asyncio.gather(*(count(store, one, CARDS_BY_IP) for one in made)))

    found = [*await burst(0), *await burst(100), *await burst(200)]
    assert found == [*range(1, DISTINCT_CARDS_MAX + 1), *[DISTINCT_CARDS_MAX] * 50]
    world.advance(BUCKET)
    assert await burst(200) == [DISTINCT_CARDS_MAX] * 100
    world.advance(HOUR)
    assert await count(store, attempts.next(ip=IP, card="299"), CARDS_BY_IP) == 100


async def test_more_cards_than_are_told_apart_stay_at_the_bound(
    world: RiskStoreWorld, attempts: Attempts
) -> None:
    store, counter = world.process(), Counter("distinct_cards", "email", "7d")
    first = [
        attempts.next(email="a@example.com", card=str(number)) for number in range(DISTINCT_CARDS_MAX - 1)
    ]
    await asyncio.gather(*(store.observe(one, [counter], ()) for one in first))
    found = [
        await count(store, attempts.next(email="a@example.com", card=card), counter)
        for card in ("x", "y", "z")
    ]
    assert found == [DISTINCT_CARDS_MAX] * 3


async def test_key_that_is_unknown_is_not_counted_by(world: RiskStoreWorld, attempts: Attempts) -> None:
    readings = await world.process().observe(
        attempts.next(ip=IP), [BY_IP, Counter("attempts", "email", "1h")], ()
    )
    assert readings.counts == {BY_IP: 1}


@pytest.mark.parametrize("window", WINDOW_SECONDS)
async def test_attempt_lapses_with_its_window(
    world: RiskStoreWorld, attempts: Attempts, window: Window
) -> None:
    store, counter = world.process(), Counter("attempts", "ip", window)
    await store.observe(attempts.next(ip=IP), [counter], ())
    world.advance(WINDOW_SECONDS[window] - 1)
    assert await count(store, attempts.next(ip=IP), counter) == 2
    world.advance(1 + bucket_seconds(window))
    assert await count(store, attempts.next(ip=IP), counter) == 2


async def test_repeated_request_is_one_attempt(world: RiskStoreWorld, attempts: Attempts) -> None:
    first, second = world.process(), world.process()
    await first.observe(attempts.next(ip=IP), [BY_IP], ())
    found = await asyncio.gather(
        *(count(store, attempts.next(request=1, ip=IP), BY_IP) for store in (first, second) * 5)
    )
    assert found == [2] * 10
    assert await count(second, attempts.next(ip=IP), BY_IP) == 3


async def test_repeated_request_counts_where_it_did_not_yet(
    world: RiskStoreWorld, attempts: Attempts
) -> None:
    store = world.process()
    await store.observe(attempts.next(request=1, ip=IP, email="a@example.com"), [BY_IP], ())
    again = attempts.next(request=1, ip=IP, email="a@example.com")
    by_email = Counter("attempts", "email", "1h")
    assert await counts(store, again, BY_IP, by_email) == (1, 1)
    assert await count(store, again, by_email) == 1


async def test_key_used_again_for_another_body_is_an_attempt(
    world: RiskStoreWorld, attempts: Attempts
) -> None:
    store = world.process()
    await store.observe(attempts.next(request=1, ip=IP, card="a"), [BY_IP, CARDS_BY_IP], ())
    assert await counts(store, attempts.next(request=1, ip=IP, card="b"), BY_IP, CARDS_BY_IP) == (2, 2)


async def test_repetition_after_keys_lapse_is_another_attempt(
    world: RiskStoreWorld, attempts: Attempts
) -> None:
    store, counter = world.process(), Counter("attempts", "ip", "7d")
    await store.observe(attempts.next(request=1, ip=IP), [counter], ())
    world.advance(72 * HOUR - 1)
    await world.purge()
    assert await count(store, attempts.next(request=1, ip=IP), counter) == 1
    world.advance(2)
    assert await count(store, attempts.next(request=1, ip=IP), counter) == 2
    await world.purge()
    assert await count(store, attempts.next(request=1, ip=IP), counter) == 2


async def test_purge_deletes_nothing_that_still_counts(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    for _ in range(3):
        await world.purge()
        assert await counts(store, attempts.next(ip=IP, card="a"), BY_IP, CARDS_BY_IP) == (1, 1)
        world.advance(HOUR - 1)
        await world.purge()
        assert await counts(store, attempts.next(ip=IP, card="b"), BY_IP, CARDS_BY_IP) == (2, 2)
        world.advance(3 * 24 * HOUR)


async def test_two_processes_let_no_more_than_the_limit_pass(
    world: RiskStoreWorld, attempts: Attempts
) -> None:
    """Each attempt reads another number, so that exactly the legal ones pass."""
    stores = [world.process(), world.process()]
    found = []
    for first in (0, 20, 40):  # the counters are new to the first of these bursts only
        found += await asyncio.gather(
            *(
                counts(stores[number % 2], attempts.next(ip=IP, card=f"{number}"), BY_IP, CARDS_BY_IP)
                for number in range(first, first + 20)
            )
        )
    assert sorted(found) == [(number, number) for number in range(1, 61)]
    assert sum(by_ip <= 5 for by_ip, _ in found) == 5


async def test_attempt_of_a_caller_that_gave_up_is_counted(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    waiting = asyncio.create_task(count(store, attempts.next(ip=IP), BY_IP))
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert await count(store, attempts.next(ip=IP), BY_IP) == 2


@pytest.mark.parametrize("fault", ["lost_request", "lost_answer"])
async def test_attempt_on_a_broken_connection_counts_once(
    world: RiskStoreWorld, attempts: Attempts, fault: Fault
) -> None:
    store = world.process()
    world.lose(fault)
    assert await count(store, attempts.next(ip=IP), BY_IP) == 1
    assert await count(store, attempts.next(ip=IP), BY_IP) == 2


async def test_clock_set_back_forgets_no_attempt(world: RiskStoreWorld, attempts: Attempts) -> None:
    store = world.process()
    await store.observe(attempts.next(ip=IP, card="a"), [BY_IP, CARDS_BY_IP], ())
    world.advance(-BUCKET * 3)
    assert await counts(store, attempts.next(ip=IP, card="b"), BY_IP, CARDS_BY_IP) == (2, 2)
    world.advance(-400 * 24 * HOUR)
    assert await counts(store, attempts.next(ip=IP, card="c"), BY_IP, CARDS_BY_IP) == (3, 3)
    world.advance(HOUR + BUCKET)
    assert await counts(store, attempts.next(ip=IP, card="d"), BY_IP, CARDS_BY_IP) == (1, 1)


class Tried:
    """An attempt of the oracle: when it first happened, and by what."""

    def __init__(self, at: int, ip: str, card: str, amount_minor: int) -> None:
        self.at, self.ip, self.card, self.amount_minor = at, ip, card, amount_minor


ATTEMPTS = st.tuples(
    st.integers(0, 30), st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", "z"]), st.integers(1, 1_000)
)
"""The request, by which a repetition is known, with what it holds."""
ROUNDS = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.lists(ATTEMPTS, min_size=1, max_size=8),
        st.sampled_from([None, None, "lost_request", "lost_answer"]),
    ),
    min_size=1,
    max_size=12,
)
"""Seconds that pass; attempts made at the same moment in two processes; a fault on their way."""


Rounds = list[tuple[int, list[tuple[int, str, str, int]], Fault | None]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
async def test_counters_agree_with_counting_every_attempt(postgresql: RiskStoreWorld, rounds: Rounds) -> None:
    await agree_with_counting_every_attempt(postgresql, rounds)


# The emulator of DynamoDB takes most of the time of an example.
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
async def test_counters_in_dynamodb_agree_with_counting(dynamodb: RiskStoreWorld, rounds: Rounds) -> None:
    await agree_with_counting_every_attempt(dynamodb, rounds)


async def agree_with_counting_every_attempt(world: RiskStoreWorld, rounds: Rounds) -> None:
    """Concurrent, with repetitions and faults: never lower than what happened in the window, nor higher by more than a bucket."""
    counters = [Counter(measure, "ip", "1m") for measure in ("attempts", "attempted_minor", "distinct_cards")]
    attempts, stores = Attempts(), [world.process(), world.process()]
    happened: dict[tuple[int, str, str, int], Tried] = {}
    now = 0
    for seconds, made, fault in rounds:
        world.advance(seconds)
        now += seconds
        if fault is not None:
            world.lose(fault)
        before = list(happened.values())
        for one in made:
            happened.setdefault(one, Tried(now, *one[1:]))
        readings = await asyncio.gather(
            *(
                stores[number % 2].observe(
                    attempts.next(request=request, ip=ip, card=card, amount_minor=amount_minor), counters, ()
                )
                for number, (request, ip, card, amount_minor) in enumerate(made)
            )
        )
        for one, read in zip(made, readings, strict=True):
            own = happened[one]
            least = measured([*before, own], own.ip, after=now - 60)
            most = measured(list(happened.values()), own.ip, after=now - 62)
            for counter, low, high in zip(counters, least, most, strict=True):
                assert low <= read.counts[counter] <= high, counter
        for ip in ("a", "b"):
            had = measured(before, ip, after=now - 60)[0]
            fresh = {
                one: read.counts[counters[0]]
                for one, read in zip(made, readings, strict=True)
                if one[1] == ip and happened[one] not in before
            }
            for number, counted in enumerate(sorted(fresh.values()), start=1):
                assert counted >= had + number, "no two new attempts pass the same limit as its last"


def measured(tried: list[Tried], ip: str, *, after: int) -> tuple[int, int, int]:
    """What counts of the attempts by an address after a moment: how many, how much, how many cards."""
    counted = {id(one): one for one in tried if one.ip == ip and one.at > after}.values()
    return len(counted), sum(one.amount_minor for one in counted), len({one.card for one in counted})


def by_card(attempts: Attempts, token: str, fingerprint: str | None = None) -> Observation:
    return replace(attempts.next(card=token), values={"card": token}, fingerprint=fingerprint)


async def test_card_counts_by_token_and_by_fingerprint(world: RiskStoreWorld, attempts: Attempts) -> None:
    """The fingerprint becomes known after the first attempts: none of them is lost, and other tokens of the card add to it."""
    store = world.process()
    assert [await count(store, by_card(attempts, "tok_1"), BY_CARD) for _ in range(2)] == [1, 2]
    assert await count(store, by_card(attempts, "tok_1", "fp_1"), BY_CARD) == 3
    told = [by_card(attempts, "tok_2", "fp_1") for _ in range(3)]
    found = await asyncio.gather(*(count(store, one, BY_CARD) for one in told))
    assert sorted(found) == [2, 3, 4]
    assert await count(store, by_card(attempts, "tok_2"), BY_CARD) == 4
    assert await count(store, by_card(attempts, "tok_3", "fp_1"), BY_CARD) == 5


async def test_repetition_with_the_fingerprint_counts_once(world: RiskStoreWorld, attempts: Attempts) -> None:
    store, one = world.process(), by_card(attempts, "tok_1")
    told = replace(one, fingerprint="fp_1")
    assert [await count(store, each, BY_CARD) for each in (one, told, told, one)] == [1, 1, 1, 1]
