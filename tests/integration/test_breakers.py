"""Breakers that several processes share through PostgreSQL, and what they do while it is away."""

from collections.abc import Callable, Mapping

import pytest

from fincore.bootstrap.routing import running_breakers
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.pool import Pool
from fincore.write.routing.breaker import Allowed, BreakerPolicy, Counts, Open
from fincore.write.routing.breaker_store import AccountKey, BreakerStore, SharedBreaker
from fincore.write.routing.breakers import Breakers

PSP, ACCOUNT = PspName("stripe"), PspAccount("us")
KEY = AccountKey(PSP, ACCOUNT)
# The waits are those of the database's clock: over before the next statement, or not within a test.
SHORT = BreakerPolicy(calls_min=4, wait_seconds=0.000_001, wait_seconds_max=1_000.0)
LONG = BreakerPolicy(calls_min=4, wait_seconds=1_000.0, wait_seconds_max=1_000.0)

Process = Callable[[BreakerPolicy], Breakers]


@pytest.fixture
def process(pool: Pool) -> Process:
    """A further process."""
    return lambda policy: Breakers(BreakerStore(pool, policy), policy)


def seen(breakers: Breakers, available: int, unavailable: int) -> None:
    for _ in range(available):
        breakers.observe(PSP, ACCOUNT, "available")
    for _ in range(unavailable):
        breakers.observe(PSP, ACCOUNT, "unavailable")


async def test_breaker_that_one_process_opens_is_open_in_all(process: Process, pool: Pool) -> None:
    one, other = process(LONG), process(LONG)
    seen(one, 0, 4)
    await one.sync()
    assert other.may_call(PSP, ACCOUNT) == Allowed()
    await other.sync()
    refused = other.may_call(PSP, ACCOUNT)
    assert isinstance(refused, Open)
    assert refused.reason == "4 of 4 calls within 60 s did not reach the account"
    assert 990 < refused.retry_after_seconds <= 1_000
    shared = (await BreakerStore(pool, LONG).read())[KEY]
    assert (shared.state, shared.openings, shared.counts) == ("open", 1, Counts(0, 4))


async def test_breaker_opens_by_what_all_have_seen_together(process: Process) -> None:
    one, other = process(LONG), process(LONG)
    for breakers in (one, other):
        seen(breakers, 0, 2)
        await breakers.sync()
    assert isinstance(other.may_call(PSP, ACCOUNT), Open)
    assert one.may_call(PSP, ACCOUNT) == Allowed()
    await one.sync()
    assert isinstance(one.may_call(PSP, ACCOUNT), Open)


async def test_breaker_that_two_processes_open_opens_once(process: Process, pool: Pool) -> None:
    one, other = process(LONG), process(LONG)
    for breakers in (one, other):
        seen(breakers, 0, 4)
    await one.sync()
    store = BreakerStore(pool, LONG)
    before = (await store.read())[KEY]
    await other.sync()
    after = (await store.read())[KEY]
    assert (after.openings, after.waits, after.changed_at) == (1, 1, before.changed_at)


async def test_probe_is_not_claimed_before_the_wait_is_over(process: Process, pool: Pool) -> None:
    one = process(LONG)
    seen(one, 0, 4)
    await one.sync()
    assert not await BreakerStore(pool, LONG).claim_probe(KEY, 1.0)


async def opened(process: Process) -> tuple[Breakers, Breakers]:
    """Two processes that see an open breaker after its wait; both have callers."""
    one, other = process(SHORT), process(SHORT)
    seen(one, 0, 4)
    for breakers in (one, other):
        await breakers.sync()
        assert isinstance(breakers.may_call(PSP, ACCOUNT), Open)
    return one, other


async def test_one_process_probes_and_its_success_closes_all(process: Process) -> None:
    one, other = await opened(process)
    for breakers in (one, other):
        await breakers.sync()
    assert one.may_call(PSP, ACCOUNT) == Allowed()
    assert isinstance(other.may_call(PSP, ACCOUNT), Open)
    seen(one, 1, 0)
    for breakers in (one, other):
        await breakers.sync()
        assert breakers.may_call(PSP, ACCOUNT) == Allowed()
    seen(one, 0, 3)  # what was counted before is forgotten
    await one.sync()
    assert one.may_call(PSP, ACCOUNT) == Allowed()


async def test_failed_probe_keeps_the_breaker_open_for_longer(process: Process, pool: Pool) -> None:
    one, _ = await opened(process)
    await one.sync()
    assert one.may_call(PSP, ACCOUNT) == Allowed()
    seen(one, 0, 1)
    await one.sync()
    shared = (await BreakerStore(pool, LONG).read())[KEY]
    assert (shared.state, shared.waits, shared.openings) == ("open", 2, 1)
    assert shared.reason == "the call that tried the account did not reach it"


async def test_probe_of_a_dead_process_passes_to_another(process: Process, pool: Pool) -> None:
    one, other = await opened(process)
    await one.sync()
    await pool.execute("update routing.breakers set until = now() - interval '1 second'")
    await other.sync()
    assert other.may_call(PSP, ACCOUNT) == Allowed()


async def test_wait_from_before_the_clock_was_set_back_is_over(process: Process, pool: Pool) -> None:
    one, other = process(LONG), process(LONG)
    seen(one, 0, 4)
    await one.sync()
    await pool.execute("update routing.breakers set until = now() + interval '1 hour'")
    for breakers in (one, other):
        await breakers.sync()
    assert isinstance(other.may_call(PSP, ACCOUNT), Open)
    await other.sync()
    assert other.may_call(PSP, ACCOUNT) == Allowed()
    await one.sync()
    assert isinstance(one.may_call(PSP, ACCOUNT), Open)


async def test_counts_past_the_window_open_no_breaker(process: Process, pool: Pool) -> None:
    one = process(LONG)
    seen(one, 0, 3)
    await one.sync()
    await pool.execute("update routing.breaker_counts set bucket = bucket - interval '2 minutes'")
    await one.sync()
    seen(one, 0, 1)
    assert one.may_call(PSP, ACCOUNT) == Allowed()


async def test_breaker_that_no_call_asks_for_is_closed(process: Process, pool: Pool) -> None:
    """As that of an account which was taken out of the settings: no alert waits for it. The next failures open it again."""
    one = process(LONG)
    seen(one, 0, 4)
    await one.sync()
    await pool.execute("update routing.breakers set until = now() - interval '61 minutes'")
    await pool.execute("delete from routing.breaker_counts")
    await one.sync()
    assert one.may_call(PSP, ACCOUNT) == Allowed()
    seen(one, 0, 4)
    await one.sync()
    shared = (await BreakerStore(pool, LONG).read())[KEY]
    assert (shared.state, shared.waits, shared.openings) == ("open", 1, 2)


class StoreOutOfReach(BreakerStore):
    """A store that cannot be reached while it `is_away`."""

    is_away = True

    async def add(self, seen: Mapping[AccountKey, Counts]) -> None:
        if self.is_away:
            raise ConnectionRefusedError
        await super().add(seen)

    async def read(self) -> dict[AccountKey, SharedBreaker]:
        if self.is_away:
            raise ConnectionRefusedError
        return await super().read()


async def test_process_without_database_goes_by_what_it_sees(process: Process, pool: Pool) -> None:
    store = StoreOutOfReach(pool, SHORT)
    alone = Breakers(store, SHORT)
    seen(alone, 0, 4)
    assert isinstance(alone.may_call(PSP, ACCOUNT), Open)
    await alone.sync()
    assert alone.may_call(PSP, ACCOUNT) == Allowed()  # the probe
    seen(alone, 1, 0)
    assert [alone.may_call(PSP, ACCOUNT) for _ in range(2)] == [Allowed()] * 2
    seen(alone, 0, 2)
    await alone.sync()
    store.is_away = False
    seen(alone, 0, 2)
    await alone.sync()
    other = process(SHORT)
    await other.sync()
    assert isinstance(other.may_call(PSP, ACCOUNT), Open)


async def test_counts_past_the_window_are_deleted(process: Process, pool: Pool) -> None:
    one = process(LONG)
    for ahead in ("-2 minutes", "2 minutes"):  # the second is what was counted before the clock was set back
        seen(one, 3, 0)
        await one.sync()
        await pool.execute("update routing.breaker_counts set bucket = bucket + $1::text::interval", ahead)
        assert (await BreakerStore(pool, LONG).read()) == {}
    seen(one, 2, 0)
    await one.sync()
    assert (await BreakerStore(pool, LONG).read())[KEY].counts == Counts(2, 0)
    assert await pool.fetchval("select count(*) from routing.breaker_counts") == 1


async def test_process_that_ends_tells_what_it_has_seen(pool: Pool) -> None:
    async with running_breakers(pool) as breakers:
        seen(breakers, 2, 1)
    assert (await BreakerStore(pool, LONG).read())[KEY].counts == Counts(2, 1)
