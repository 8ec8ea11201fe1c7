"""What is particular to the risk store in DynamoDB: its table, its limits, and requests that are refused or repeated."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest
from aiohttp import ClientSession, web
from botocore.exceptions import ClientError

from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.ids import new_merchant_id
from fincore.postgres.pool import Pool
from fincore.write.risk.attempt_queue import PASSED_OVER_MAX
from fincore.write.risk.divided_store import DividedRiskStore
from fincore.write.risk.dynamodb_store import DynamoRiskStore
from fincore.write.risk.dynamodb_table import ITEMS_MAX, DynamoTable
from fincore.write.risk.list_entries import NewEntry
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.metrics import ATTEMPTS_UNCOUNTED
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.store import Counter, Key, ListName, Measure, Membership, Readings, Window
from fixtures.dynamo_clients import dynamo_client
from fixtures.risk_stores import Attempts, DynamoWorld, SetClock
from fixtures.waiting import PATIENCE_SECONDS, happens

BY_IP = Counter("attempts", "ip", "1h")
IP = "203.0.113.9"
COUNTED = (
    "insert into risk.counted_outcomes (measure, key, since_tx, since_pos) values ('declines', 'ip', 0, 0)"
)


@pytest.fixture
async def world(aws_url: str) -> AsyncIterator[DynamoWorld]:
    async with dynamo_client(aws_url) as client:
        world = DynamoWorld(client)
        await world.open()
        yield world
        await world.close()


def refusal(operation: str, code: str, *, status: int = 400, message: str = "", **more: Any) -> ClientError:
    metadata = {"HTTPStatusCode": status}
    told: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata, **more}
    return ClientError(told, operation)


async def test_request_that_the_library_repeats_counts_once(world: DynamoWorld, aws_url: str) -> None:
    """DynamoDB has counted the attempt when the connection breaks, and the library sends the same request again."""
    writes = 0

    async def forward(request: web.Request) -> web.StreamResponse:
        nonlocal writes
        body, headers = (
            await request.read(),
            {**request.headers, "Host": aws_url.removeprefix("http://")},
        )
        async with (
            ClientSession() as session,
            session.post(aws_url, data=body, headers=headers) as answer,
        ):
            told = await answer.read()
        if headers["X-Amz-Target"].endswith("TransactWriteItems"):
            writes += 1
            if writes == 1:
                assert request.transport is not None
                request.transport.abort()
        kept = {name: text for name, text in answer.headers.items() if name.lower() != "content-length"}
        return web.Response(body=told, status=answer.status, headers=kept)

    application = web.Application()
    application.router.add_post("/", forward)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with dynamo_client(url, retries={"total_max_attempts": 3, "mode": "standard"}) as client:
        store = DynamoRiskStore(DynamoTable(client, world.table_name), world.clock)
        attempts = Attempts()
        first = await store.observe(attempts.next(ip=IP), [BY_IP], ())
        second = await store.observe(attempts.next(ip=IP), [BY_IP], ())
    await runner.cleanup()
    assert writes >= 3
    assert [first.counts, second.counts] == [{BY_IP: 1}, {BY_IP: 2}]


async def test_attempt_with_more_counters_than_a_transaction_takes(world: DynamoWorld) -> None:
    values: dict[Key, str] = dict.fromkeys(get_args(Key), "same")
    measures: tuple[Measure, ...] = ("attempts", "attempted_minor", "distinct_cards")
    counters = [
        Counter(measure, key, window)
        for measure in measures
        for key in get_args(Key)
        for window in get_args(Window)
    ]
    assert len(counters) > ITEMS_MAX
    store, attempts = world.process(), Attempts()
    made = [
        msgspec.structs.replace(attempts.next(request=number // 2, card="card-1"), values=values)
        for number in range(4)
    ]
    found = await asyncio.gather(*(store.observe(one, counters, ()) for one in made))
    read = sorted(tuple(one.counts[counter] for counter in counters) for one in found)
    assert {one.counts.keys() == set(counters) for one in found} == {True}
    assert read[-1] == tuple(
        {"attempts": 2, "attempted_minor": 200, "distinct_cards": 1}[one.measure] for one in counters
    )


async def test_burst_goes_in_few_transactions_within_the_limit(world: DynamoWorld) -> None:
    store, attempts = world.process(), Attempts()
    burst = [attempts.next(ip=IP) for _ in range(150)]
    await asyncio.gather(*(store.observe(one, [BY_IP], ()) for one in burst))
    sizes = [
        len(request["TransactItems"])
        for name, request in world.client.requests
        if name == "transact_write_items"
    ]
    assert sizes == [ITEMS_MAX, 52]


async def test_counter_of_a_hot_key_stays_within_a_kilobyte(world: DynamoWorld) -> None:
    """What repetitions are known by is kept apart from the counter, so no key outgrows its item."""
    store, attempts = world.process(), Attempts()
    for _ in range(62):
        made = [attempts.next(ip=IP, amount_minor=999_999_999_999) for _ in range(3)]
        await asyncio.gather(
            *(store.observe(one, [Counter("attempted_minor", "ip", "1m")], ()) for one in made)
        )
        world.advance(1)
    [counter] = [item for item in await world.items() if item["id"]["B"].startswith(b"r")]
    assert 500 < sum(len(name) + len(next(iter(value.values()))) for name, value in counter.items()) < 1_024


async def test_no_attempt_is_counted_by_a_doubted_clock(world: DynamoWorld) -> None:
    """By two times far apart, two processes would end in turn what the other has counted."""
    store, attempts = world.process(), Attempts()
    await store.observe(attempts.next(ip=IP), [BY_IP], ())
    before = ATTEMPTS_UNCOUNTED._value.get()
    world.clock.doubt = "the clock of the server was set"
    world.advance(7_200)
    with pytest.raises(StoreUnavailable, match="the clock of the server was set"):
        await store.observe(attempts.next(ip=IP), [BY_IP], ())
    assert ATTEMPTS_UNCOUNTED._value.get() == before + 1
    world.advance(-7_200)
    world.clock.doubt = None
    assert (await store.observe(attempts.next(ip=IP), [BY_IP], ())).counts == {BY_IP: 2}


async def test_attempt_waits_for_a_clock_doubted_meanwhile(
    world: DynamoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, attempts = world.process(), Attempts()
    read = world.client.batch_get_item
    doubts = iter(["the clock of the server was set", None])

    async def read_and_doubt(**request: Any) -> Any:
        answer = await read(**request)
        world.clock.doubt = next(doubts)
        return answer

    monkeypatch.setattr(world.client, "batch_get_item", read_and_doubt, raising=False)
    assert (await store.observe(attempts.next(ip=IP), [BY_IP], ())).counts == {BY_IP: 1}
    assert next(doubts, "no more") == "no more"


async def test_key_at_its_limit_holds_up_no_other(
    world: DynamoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB refuses an item that is asked for too often, in reading and in writing; others in the batch are counted."""
    store, attempts = world.process(), Attempts()
    await store.observe(attempts.next(ip="hot"), [BY_IP], ())
    [hot] = [item["id"]["B"] for item in await world.items() if item["id"]["B"].startswith(b"r")]
    calm = asyncio.Event()
    read, write = world.client.batch_get_item, world.client.transact_write_items
    refused: list[str] = []
    meanwhile: list[asyncio.Task[Readings]] = []

    async def throttled_read(**request: Any) -> Any:
        answer = await read(**request)
        keys = request["RequestItems"][world.table_name]["Keys"]
        if not refused and {"id": {"B": hot}} in keys:
            refused.append("read")
            meanwhile.append(asyncio.create_task(store.observe(attempts.next(ip="calm-0"), [BY_IP], ())))
            for _ in range(5):
                await asyncio.sleep(0)  # its batch looks for items that are free, and finds none
            answer["UnprocessedKeys"] = {world.table_name: {"Keys": [{"id": {"B": hot}}]}}
        return answer

    async def throttled_write(**request: Any) -> Any:
        ids = [action["Put"]["Item"]["id"]["B"] for action in request["TransactItems"]]
        if hot in ids and refused == ["read"]:
            refused.append("write")
            reasons = [{"Code": "ThrottlingError" if item_id == hot else "None"} for item_id in ids]
            raise refusal("TransactWriteItems", "TransactionCanceledException", CancellationReasons=reasons)
        if hot in ids:
            await happens(calm)
        return await write(**request)

    monkeypatch.setattr(world.client, "batch_get_item", throttled_read, raising=False)
    monkeypatch.setattr(world.client, "transact_write_items", throttled_write, raising=False)
    held_up = asyncio.create_task(store.observe(attempts.next(ip="hot"), [BY_IP], ()))
    others = await asyncio.gather(
        *(store.observe(attempts.next(ip=f"calm-{number}"), [BY_IP], ()) for number in range(5))
    )
    assert [one.counts for one in others] == [{BY_IP: 1}] * 5
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert [(await one).counts for one in meanwhile] == [{BY_IP: 2}]
    assert not held_up.done()
    assert (await store.observe(attempts.next(ip="calm-1"), [BY_IP], ())).counts == {BY_IP: 2}
    calm.set()
    assert (await held_up).counts == {BY_IP: 2}
    assert refused == ["read", "write"]


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("UnrecognizedClientException", 400, "credentials"),
        ("ExpiredTokenException", 400, "expired"),
        ("AccessDeniedException", 400, "denies access"),
        ("ResourceNotFoundException", 400, "table is not there"),
        ("InternalServerError", 500, "has failed"),
        ("ThrottlingException", 400, "takes no more"),
    ],
)
async def test_refusal_of_dynamodb_is_told_without_its_text(
    world: DynamoWorld, monkeypatch: pytest.MonkeyPatch, code: str, status: int, told: str
) -> None:
    """Its text may hold a signed request. Nothing is known of the attempt, and the operator's metric says so."""

    async def refuse(**_: Any) -> Any:
        raise refusal("BatchGetItem", code, status=status, message="x-amz-security-token:s3cr3t")

    monkeypatch.setattr(world.client, "batch_get_item", refuse, raising=False)
    before = ATTEMPTS_UNCOUNTED._value.get()
    with pytest.raises(StoreUnavailable, match=told) as raised:
        await world.process().observe(Attempts().next(ip=IP), [BY_IP], ())
    assert "s3cr3t" not in f"{raised.value} {raised.value.__cause__}"
    assert ATTEMPTS_UNCOUNTED._value.get() == before + 1


async def test_attempt_that_dynamodb_refuses_fails_alone(
    world: DynamoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = world.client.transact_write_items

    async def refuse(**request: Any) -> Any:
        if any(len(action["Put"]["Item"]["state"]["B"]) > 24 for action in request["TransactItems"]):
            raise refusal("TransactWriteItems", "ValidationException")
        return await write(**request)

    monkeypatch.setattr(world.client, "transact_write_items", refuse, raising=False)
    store, attempts = world.process(), Attempts()
    counters = [BY_IP, Counter("attempts", "email", "1h")]
    found = await asyncio.gather(
        store.observe(attempts.next(ip="a"), counters, ()),
        store.observe(attempts.next(ip="b", email="b@example.com"), counters, ()),
        store.observe(attempts.next(ip="c"), counters, ()),
        return_exceptions=True,
    )
    assert isinstance(found[1], RuntimeError)
    assert [one.counts for one in (found[0], found[2]) if not isinstance(one, BaseException)] == [
        {BY_IP: 1}
    ] * 2


async def test_full_queue_of_attempts_to_dynamodb_is_told(world: DynamoWorld) -> None:
    store = DynamoRiskStore(
        DynamoTable(world.client, world.table_name), SetClock(), observations_of_one_max=2
    )
    attempts, before = Attempts(), ATTEMPTS_UNCOUNTED._value.get()
    made = [*(attempts.next(ip=IP) for _ in range(3)), attempts.next(ip=IP, merchant_id=new_merchant_id())]
    found = await asyncio.gather(*(store.observe(one, [BY_IP], ()) for one in made), return_exceptions=True)
    assert [type(one) for one in found] == [Readings, Readings, Overloaded, Readings]
    assert ATTEMPTS_UNCOUNTED._value.get() == before + 1


async def test_burst_of_a_merchant_holds_up_no_other(
    world: DynamoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is about one counter, so that it is counted one transaction after the other."""
    store, attempts = world.process(), Attempts()
    calm = asyncio.Event()
    write = world.client.transact_write_items

    async def first_one_waits(**request: Any) -> Any:
        monkeypatch.setattr(world.client, "transact_write_items", write, raising=False)
        await happens(calm)
        return await write(**request)

    monkeypatch.setattr(world.client, "transact_write_items", first_one_waits, raising=False)
    burst = [
        asyncio.create_task(store.observe(attempts.next(ip=IP), [BY_IP], ()))
        for _ in range(PASSED_OVER_MAX + ITEMS_MAX)
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        other = await store.observe(attempts.next(ip=IP, merchant_id=new_merchant_id()), [BY_IP], ())
    assert other.counts == {BY_IP: 1}
    assert not any(one.done() for one in burst)
    calm.set()
    found = await asyncio.gather(*burst)
    assert sorted(one.counts[BY_IP] for one in found) == list(range(1, len(burst) + 1))


async def test_outcomes_and_lists_are_asked_of_postgresql(world: DynamoWorld, pool: Pool) -> None:
    lists = RiskLists(pool)
    name = ListName("blocked_ips")
    await lists.create(name, "ip", by="ada", reason="a fraud")
    await lists.add(name, "ip", NewEntry(f"{IP}/32", "a fraud"), by="ada")
    await pool.execute(COUNTED)
    store = DividedRiskStore(attempts=world.process(), others=PostgresRiskStore(pool))
    attempts, declines = Attempts(), Counter("declines", "ip", "1h")
    listed, other = Membership(name, "ip", IP), Membership(name, "ip", "203.0.113.10")
    found = await store.observe(attempts.next(ip=IP), [BY_IP, declines], [listed, other])
    assert found.counts == {BY_IP: 1, declines: 0}
    assert found.members == {listed}
    assert await pool.fetchval("select count(*) from risk.attempts") == 0
    assert (await store.observe(attempts.next(ip=IP), [], [other])).members == frozenset()
    assert (await store.observe(attempts.next(ip=IP), [BY_IP], [])).counts == {BY_IP: 2}


async def test_table_is_created_once_with_what_it_needs(aws_url: str) -> None:
    async with dynamo_client(aws_url) as client:
        name = f"risk-{uuid4()}"
        table = DynamoTable(client, name)
        assert await table.state() == "absent"
        assert await table.create() == "absent"
        assert [await table.state(), await table.create()] == ["ready", "ready"]
        made = (await client.describe_table(TableName=name))["Table"]
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        store, attempts = DynamoRiskStore(table, SetClock()), Attempts()
        assert (await store.observe(attempts.next(ip=IP), [BY_IP], ())).counts == {BY_IP: 1}


async def test_table_of_something_else_is_left_alone(world: DynamoWorld, aws_url: str) -> None:
    async with dynamo_client(aws_url) as client:
        assert await DynamoTable(client, world.table_name).state() == "without_ttl"
        assert await DynamoTable(client, world.table_name).create() == "without_ttl"
        assert await DynamoTable(client, world.table_name).state() == "ready"
        other = f"orders-{uuid4()}"
        await client.create_table(
            TableName=other,
            AttributeDefinitions=[{"AttributeName": "order", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "order", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert await DynamoTable(client, other).create() == "other_key"
        ttl = (await client.describe_time_to_live(TableName=other))["TimeToLiveDescription"]
        assert ttl["TimeToLiveStatus"] == "DISABLED"
