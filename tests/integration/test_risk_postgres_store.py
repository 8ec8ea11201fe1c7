"""What is particular to the risk store in PostgreSQL: sessions that die, and what may be done with its tables."""

import asyncio
import json
import random
from datetime import timedelta

import asyncpg
import pytest

from fincore.bootstrap.databases import Databases, open_stores
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.rings import ATTEMPTS_KEPT_FOR, WINDOW_SECONDS, outcome_of
from fincore.write.risk.store import Counter
from fincore.write.worker.worker import IDEMPOTENCY_KEYS_KEPT_FOR
from fixtures.plans import nodes_of, rows_visited
from fixtures.risk_stores import Attempts, PostgresWorld
from fixtures.waiting import eventually

BY_IP = Counter("attempts", "ip", "1h")
IP = "203.0.113.9"
COUNTED = "insert into risk.counted_outcomes (measure, key, since_tx, since_pos) values ($1, 'ip', 0, 0)"
IS_BLOCKED = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
LOOK_UP_ARGUMENTS = (
    *("null", "'72 hours'", "''", "'{}'", "'{}'", "'{}'", "''", "'{}'", "'{}'", "'{}'", "'{}'"),
    *("'{0}'", "'{declines}'", "'{ip}'", "array[decode(lpad(to_hex(7), 32, '0'), 'hex')]", "'{3600}'"),
    *("'{1}'", "'{emails}'", "'{ann7@shop.example}'", "'{mer}'"),
    *("'{2}'", "'{networks}'", "'{10.0.7.9}'", "'{mer}'"),
)
"""One counter of outcomes, one list of values, one of addresses."""
GROWN = """
insert into risk.counted_outcomes values ('declines', 'ip', 0, 0);
insert into risk.outcomes
select decode(lpad(to_hex(n), 32, '0'), 'hex'), '{1,1}', '2100-01-01' from generate_series(1, 1000) n;
insert into risk.lists (name, kind, created_by, reason) values ('emails', 'email', 'a', 'b'), ('networks', 'ip', 'a', 'b');
insert into risk.list_entries (list, kind, value, network, added_by, reason)
select 'emails', 'email', 'ann' || n || '@shop.example', null, 'a', 'b' from generate_series(1, 1000) n
union all
select 'networks', 'ip', net::text, net::cidr, 'a', 'b'
from (select ('10.' || n / 250 || '.' || n % 250 || '.0/24')::cidr as net from generate_series(1, 1000) n) as one;
"""
KILL_BLOCKED = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where wait_event_type = 'Lock' and datname = current_database()"
)


async def test_attempt_counts_once_though_its_session_is_killed(pool: Pool, owner_pool: Pool) -> None:
    """The statement has counted the request and waits for the counter when its session is ended."""
    store, attempts = PostgresRiskStore(pool, retry_delay_seconds=0.001), Attempts()
    await store.observe(attempts.next(ip=IP), [BY_IP], ())
    async with owner_pool.acquire() as other:
        held = other.transaction()
        await held.start()
        await other.execute("select from risk.attempt_rings for update")
        asked = asyncio.create_task(store.observe(attempts.next(request=7, ip=IP), [BY_IP], ()))
        await eventually(lambda: owner_pool.fetchval(IS_BLOCKED))
        killed = await owner_pool.fetchval(KILL_BLOCKED)
        assert killed
        await held.rollback()
    assert (await asked).counts == {BY_IP: 2}
    assert (await store.observe(attempts.next(request=7, ip=IP), [BY_IP], ())).counts == {BY_IP: 2}
    await store.close()


async def test_attempt_that_cannot_be_counted_fails_alone(pool: Pool, owner_pool: Pool) -> None:
    await owner_pool.execute("alter table risk.attempt_rings add check (state[1] < 1000)")
    store, attempts = PostgresRiskStore(pool), Attempts()
    counter = Counter("attempted_minor", "ip", "1h")
    found = await asyncio.gather(
        *(
            store.observe(attempts.next(ip=f"203.0.113.{amount}", amount_minor=amount), [counter], ())
            for amount in (10, 2_000, 20)
        ),
        return_exceptions=True,
    )
    assert isinstance(found[1], asyncpg.CheckViolationError)
    assert [one.counts[counter] for one in (found[0], found[2]) if not isinstance(one, BaseException)] == [
        10,
        20,
    ]


async def test_burst_on_one_key_goes_in_few_statements(pool: Pool) -> None:
    """What waits behind it waits for one statement, not for one for each attempt."""
    world, attempts = PostgresWorld(pool), Attempts()
    store, cards = world.process(), Counter("distinct_cards", "ip", "1h")
    burst = [attempts.next(ip=IP, card=f"{number}") for number in range(150)]
    await asyncio.gather(*(store.observe(one, [BY_IP, cards], ()) for one in burst))
    assert world.statements <= 2
    await world.close()


async def test_attempts_of_successive_turns_go_in_one_statement(pool: Pool) -> None:
    """While each turn of the event loop brings another, the statement waits for it."""
    world, attempts = PostgresWorld(pool), Attempts()
    store = world.process()

    async def asked_after(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await store.observe(attempts.next(ip=IP), [BY_IP], ())

    await asyncio.gather(*(asked_after(turns) for turns in range(6)))
    assert world.statements == 1
    await world.close()


async def test_repetitions_hold_up_no_other_attempt(pool: Pool) -> None:
    world, attempts = PostgresWorld(pool), Attempts()
    store = world.process()
    each_twice = [attempts.next(request=number // 2, ip=f"203.0.113.{number // 2}") for number in range(40)]
    found = await asyncio.gather(*(store.observe(one, [BY_IP], ()) for one in each_twice))
    assert world.statements <= 3
    assert [one.counts for one in found] == [{BY_IP: 1}] * len(found)
    await world.close()


async def test_burst_reads_the_cards_up_to_each_attempt(pool: Pool) -> None:
    world, attempts = PostgresWorld(pool), Attempts()
    store, cards = world.process(), Counter("distinct_cards", "ip", "1h")

    async def counted(*shown: str) -> list[int]:
        made = [attempts.next(ip=IP, card=card) for card in shown]
        found = await asyncio.gather(*(store.observe(one, [cards], ()) for one in made))
        return [one.counts[cards] for one in found]

    assert await counted("lapsed") == [1]
    world.advance(3_660)
    assert await counted("known") == [1]
    assert await counted("a", "known", "b", "a", "lapsed", "b", "c") == [2, 2, 3, 3, 4, 4, 5]
    assert await counted("a") == [5]
    await world.close()


async def test_look_up_reads_one_row_of_a_list_that_grew(databases: Databases, owner_pool: Pool) -> None:
    """Its plan was made when lists were empty, and is not made anew: it must not read a list from end to end."""
    look_up = "execute look(" + ", ".join(LOOK_UP_ARGUMENTS) + ")"
    async with open_stores(databases, application_name="tests") as stores, stores.risk.acquire() as session:
        await session.execute(
            f"prepare look as {load_sql('fincore.write.risk', 'postgres_store.sql').observe}"
        )
        await session.execute(look_up)
        await owner_pool.execute(GROWN)
        assert [tuple(row) for row in await session.fetch(look_up)] == [(0, 0), (1, 1), (2, 1)]
        explained = json.loads(await session.fetchval(f"explain (analyze, format json) {look_up}"))
    assert rows_visited(nodes_of(explained[0]["Plan"])) < 10


async def test_outcome_is_unknown_until_it_is_counted(pool: Pool) -> None:
    store, attempts = PostgresRiskStore(pool), Attempts()
    declines, captures = Counter("declines", "ip", "1h"), Counter("captures", "ip", "1h")
    others = [Counter("disputes", "ip", "24h"), Counter("declines", "email", "1h")]
    asked = attempts.next(ip=IP, email="ann@shop.example")
    assert (await store.observe(asked, [declines, captures, BY_IP], ())).counts == {BY_IP: 1}
    # The consumer has begun to follow the log, and has counted nothing yet.
    await pool.execute("insert into risk.checkpoints (consumer, tx, pos) values ('risk', 0, 0)")
    assert (await store.observe(asked, [declines, captures, BY_IP], ())).counts == {BY_IP: 1}
    await pool.execute(COUNTED, "declines")
    await pool.execute(COUNTED, "captures")
    seconds = int(await pool.fetchval("select extract(epoch from now())::bigint"))
    name = outcome_of("declines", "ip", IP, merchant_id=attempts.merchant_id, livemode=True, currency="eur")
    await pool.execute(
        "insert into risk.outcomes (outcome, state, lapses_on) values ($1, $2, 'infinity')",
        name,
        [seconds - 3_700, 2, seconds - 3_000, 3, seconds - 3, 1],
    )
    found = await store.observe(asked, [declines, captures, *others], ())
    assert found.counts == {declines: 4, captures: 0}


async def test_outcomes_are_put_together_under_their_newest_second(pool: Pool) -> None:
    """No window counts less than happened in it, nor more than a sixtieth of itself too much."""
    drawn = random.Random(13)
    happened = sorted(drawn.randrange(1_000_000, 1_000_000 + 8 * 86_400) for _ in range(2_500))
    state: list[int] = []
    for at in range(0, len(happened), 100):
        fresh = [number for second in happened[at : at + 100] for number in (second, 1)]
        state = await pool.fetchval("select risk.outcomes_with($1::bigint[], $2::bigint[])", state, fresh)
        assert len(state) <= 1_000
    for window in WINDOW_SECONDS.values():
        since = happened[-1] - window
        counted = await pool.fetchval("select risk.outcomes_since($1::bigint[], $2)", state, since)
        least = sum(second > since for second in happened)
        most = sum(second > since - window // 60 for second in happened)
        assert least <= counted <= most


def test_attempts_are_kept_as_long_as_idempotency_keys() -> None:
    assert ATTEMPTS_KEPT_FOR == IDEMPOTENCY_KEYS_KEPT_FOR == timedelta(hours=72)


@pytest.mark.parametrize(
    ("ring", "fresh", "becomes"),
    [
        ("{0}", "{5,100,5}", [5, 100, 5]),
        ("{5,100,5}", "{2,100,2}", [7, 100, 7]),
        ("{5,100,5}", "{2,160,2}", [7, 100, 5, 160, 2]),
        ("{5,100,5}", "{2,161,2}", [2, 161, 2]),
        ("{5,100,5}", "{0,161,0}", [0]),
        ("{5,100,5}", "{2,99,2}", [7, 100, 7]),
        ("{5,100,5}", "{2,39,2}", [7, 39, 7]),
        ("{5,100,5}", "{5,101,2,170,3}", [3, 170, 3]),
    ],
)
async def test_ring_takes_buckets_and_loses_old_ones(
    pool: Pool, ring: str, fresh: str, becomes: list[int]
) -> None:
    assert (
        await pool.fetchval("select risk.ring_with($1::text::bigint[], $2::text::bigint[])", ring, fresh)
        == becomes
    )
