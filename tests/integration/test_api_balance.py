"""What a merchant is owed, over HTTP: the balance, its movements one by one and in lists, and the ledger being away."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import DisputeFundsWithdrawn
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.postgres.pool import Pool, create_pool
from fixtures.cases import on_one_installation
from fixtures.commits import NOON
from fixtures.merchant_api import Api, refund_report, serving_api
from fixtures.traffic import disputed


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


async def refunded(api: Api, charge_id: str, amount_minor: int) -> str:
    body = {"charge": charge_id, "amount_minor": amount_minor}
    refund_id = str((await api.post("/v1/refunds", f"refund-{amount_minor}", body)).json()["id"])
    await api.record_refund(charge_id, refund_id, refund_report("succeeded", amount_minor))
    return refund_id


async def test_a_payment_its_refund_and_its_dispute_are_what_is_owed(api: Api, dsn: str) -> None:
    charge_id = await api.paid(amount_minor=5000)
    refund_id = await refunded(api, charge_id, 1200)
    dispute = disputed(amount_minor=3800)
    await api.append(
        charge_id,
        lambda _: (
            dispute,
            DisputeFundsWithdrawn(
                dispute_id=dispute.dispute_id,
                merchant_id=api.merchant_id,
                livemode=False,
                psp=PspName("stripe"),
                psp_account=PspAccount("test"),
                psp_reference=PspReference("du_1"),
                amount_minor=3800,
                fee_minor=1500,
                currency=Currency("usd"),
                occurred_at=NOON + timedelta(days=2),
            ),
        ),
    )
    await api.book(dsn)
    balance = (await api.get("/v1/balance")).json()
    assert balance.pop("as_of").endswith("Z")
    assert balance == {
        "object": "balance",
        "livemode": False,
        "payable": [{"currency": "usd", "amount_minor": -1500}],
    }
    page = (await api.get("/v1/balance_transactions")).json()
    assert (page["object"], page["has_more"], page["next_cursor"]) == ("list", False, None)
    withdrawn, refund, charge = page["data"]
    assert withdrawn | {"id": "", "booked_at": ""} == {
        "id": "",
        "object": "balance_transaction",
        "livemode": False,
        "type": "dispute",
        "amount_minor": -3800,
        "fee_minor": 1500,
        "net_minor": -5300,
        "currency": "usd",
        "balance_after_minor": -1500,
        "charge": charge_id,
        "refund": None,
        "dispute": dispute.dispute_id,
        "effective_at": "2026-01-04T12:00:00Z",
        "booked_at": "",
    }
    assert (refund["type"], refund["refund"], refund["dispute"]) == ("refund", refund_id, None)
    assert (refund["amount_minor"], refund["balance_after_minor"]) == (-1200, 3800)
    assert (charge["type"], charge["amount_minor"], charge["refund"]) == ("charge", 5000, None)
    for shown in page["data"]:
        assert shown["id"].startswith("txn_")
        assert (await api.get(f"/v1/balance_transactions/{shown['id']}")).json() == shown


async def test_as_of_is_recording_time_of_oldest_unbooked_event(api: Api, dsn: str) -> None:
    async def as_of() -> datetime:
        return datetime.fromisoformat((await api.get("/v1/balance")).json()["as_of"])

    async def database_time() -> datetime:
        moment: datetime = await api.pool.fetchval("select clock_timestamp()")
        return moment

    before_any = await database_time()
    assert await as_of() >= before_any
    charge_id = await api.paid("first")
    await api.book(dsn)
    booked = await database_time()
    assert await as_of() >= booked
    await refunded(api, charge_id, 5)
    behind = await as_of()
    oldest = await api.pool.fetchval(
        "select min(recorded_at) from eventstore.events where type like 'refund.%'"
    )
    # Taken by two clock readings in a row, so it may be a hair before.
    assert oldest - timedelta(seconds=5) < behind <= oldest
    await api.book(dsn)
    assert await as_of() > oldest


async def test_balance_transactions_filter_and_paginate(api: Api, dsn: str) -> None:
    one = await api.paid("one", amount_minor=500)
    other = await api.paid("other", amount_minor=700, currency="eur")
    await refunded(api, one, 100)
    await api.book(dsn)
    everything = (await api.get("/v1/balance_transactions")).json()["data"]
    refund, in_euros, charge = (found["id"] for found in everything)

    async def ids(query: str) -> list[str]:
        return [found["id"] for found in (await api.get(f"/v1/balance_transactions?{query}")).json()["data"]]

    assert await ids("type=charge") == [in_euros, charge]
    assert await ids("type=refund") == [refund]
    assert await ids("type=dispute") == []
    assert await ids("currency=eur") == [in_euros]
    assert await ids("currency=xts") == []
    assert await ids(f"charge={other}") == [in_euros]
    assert await ids(f"charge={one}&type=charge") == [charge]
    assert await ids("created[gte]=2020-01-01T00:00:00Z") == [refund, in_euros, charge]
    assert await ids("created[lt]=2020-01-01T00:00:00Z") == []
    first = (await api.get("/v1/balance_transactions?limit=1")).json()
    assert ([found["id"] for found in first["data"]], first["has_more"]) == ([refund], True)
    assert await ids(f"cursor={first['next_cursor']}") == [in_euros, charge]


async def test_movements_of_others_and_of_the_other_mode_are_not_there(api: Api, dsn: str) -> None:
    await api.paid()
    await api.book(dsn)
    (mine,) = (await api.get("/v1/balance_transactions")).json()["data"]
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (other, await api.new_key(livemode=True)):
        assert (await api.get("/v1/balance", key=key)).json()["payable"] == []
        assert (await api.get("/v1/balance_transactions", key=key)).json()["data"] == []
        reply = await api.get(f"/v1/balance_transactions/{mine['id']}", key=key)
        assert reply.problem() == (404, "balance_transaction_not_found", "balance_transaction_id")


@pytest.mark.parametrize(
    "transaction_id",
    ["txn_1", "nonsense", "evt_01kab5m5wvfb9v1c2m5hfv0d2e", "txn_01kab5m5wvfb9v1c2m5hfv0d2e"],
)
async def test_unknown_balance_transaction_is_not_found(api: Api, transaction_id: str) -> None:
    reply = await api.get(f"/v1/balance_transactions/{transaction_id}")
    assert reply.problem() == (404, "balance_transaction_not_found", "balance_transaction_id")


@on_one_installation(
    ("query", "code", "param"),
    [
        ("type=fee", "parameter_invalid", "type"),
        ("currency=USD", "parameter_invalid", "currency"),
        ("currency=usd%0A", "parameter_invalid", "currency"),
        ("charge=ch_1", "parameter_invalid", "charge"),
        ("status=paid", "parameter_unknown", "status"),
        ("cursor=AAAA", "cursor_invalid", "cursor"),
        ("limit=101", "parameter_invalid", "limit"),
    ],
)
async def test_wrong_balance_query_is_refused_by_parameter(
    api: Api, query: str, code: str, param: str
) -> None:
    assert (await api.get(f"/v1/balance_transactions?{query}")).problem() == (400, code, param)


async def test_a_publishable_key_sees_no_balance(api: Api) -> None:
    key = await api.new_key(kind="publishable")
    for path in ("/v1/balance", "/v1/balance_transactions"):
        assert (await api.get(path, key=key)).problem()[:2] == (403, "secret_key_required")


async def test_ledger_outage_fails_balance_requests_only(pool: Pool) -> None:
    nowhere = await create_pool(
        "postgresql://nobody@127.0.0.1:1/nowhere", application_name="tests", is_lazy=True
    )
    try:
        async with serving_api(pool, ledgerdb=nowhere) as api:
            charge_id = await api.paid()
            for path in (
                "/v1/balance",
                "/v1/balance_transactions",
                "/v1/balance_transactions/txn_01kab5m5wvfb9v1c2m5hfv0d2e",
            ):
                reply = await api.get(path)
                assert reply.problem()[:2] == (503, "store_unavailable")
                assert reply.headers["Retry-After"] == "2"
            assert (await api.get(f"/v1/charges/{charge_id}")).status == 200
    finally:
        nowhere.terminate()


async def test_a_refund_that_failed_at_the_bank_shows_again_as_owed(api: Api, dsn: str) -> None:
    charge_id = await api.paid(amount_minor=900)
    refund_id = await refunded(api, charge_id, 900)
    await api.record_refund(charge_id, refund_id, refund_report("failed", 900))
    await api.book(dsn)
    failure, refund, _ = (await api.get("/v1/balance_transactions")).json()["data"]
    assert (failure["type"], failure["refund"], failure["net_minor"]) == ("refund_failure", refund_id, 900)
    assert (refund["type"], refund["refund"], refund["net_minor"]) == ("refund", refund_id, -900)
    assert (await api.get("/v1/balance")).json()["payable"] == [{"currency": "usd", "amount_minor": 900}]
