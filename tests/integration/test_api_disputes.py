"""Disputes over HTTP: what a merchant sees of them, one by one, in lists and in the charge."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from fincore.domain.currency import Currency
from fincore.domain.events import DisputeFundsReinstated, DisputeFundsWithdrawn, DisputeOpened, DisputeWon
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.postgres.pool import Pool
from fixtures.cases import on_one_installation
from fixtures.commits import NOON
from fixtures.merchant_api import Api, serving_api
from fixtures.traffic import disputed


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


def movement(api: Api, dispute: DisputeOpened, amount_minor: int, fee_minor: int) -> dict[str, Any]:
    return {
        "dispute_id": dispute.dispute_id,
        "merchant_id": api.merchant_id,
        "livemode": False,
        "psp": PspName("stripe"),
        "psp_account": PspAccount("test"),
        "psp_reference": PspReference("du_1"),
        "amount_minor": amount_minor,
        "fee_minor": fee_minor,
        "currency": Currency("eur"),
        "occurred_at": NOON + timedelta(days=2),
    }


async def test_a_dispute_shows_where_it_stands_and_what_money_it_moved(api: Api, dsn: str) -> None:
    charge_id = await api.paid()
    dispute = disputed(amount_minor=1999, psp_reference=PspReference("du_1"))
    events = (
        dispute,
        DisputeFundsWithdrawn(**movement(api, dispute, 1800, 1500)),
        DisputeWon(dispute_id=dispute.dispute_id, occurred_at=NOON + timedelta(days=3)),
        DisputeFundsReinstated(**movement(api, dispute, 1800, 1400)),
    )
    await api.append(charge_id, lambda _: events)
    await api.project(dsn)
    shown = (await api.get(f"/v1/disputes/{dispute.dispute_id}")).json()
    assert shown == {
        "id": dispute.dispute_id,
        "object": "dispute",
        "charge": charge_id,
        "livemode": False,
        "status": "won",
        "is_inquiry": False,
        "amount_minor": 1999,
        "currency": "usd",
        "reason": "fraudulent",
        "category": None,
        "evidence_due_by": "2026-01-10T12:00:00Z",
        "amount_withdrawn_minor": 1800,
        "amount_reinstated_minor": 1800,
        "fee_minor": 100,
        "movements_currency": "eur",
        "movements": [
            {
                "currency": "eur",
                "amount_withdrawn_minor": 1800,
                "amount_reinstated_minor": 1800,
                "fee_minor": 100,
            }
        ],
        "psp_reference": "du_1",
        "opened_at": "2026-01-03T12:00:00Z",
        "updated_at": "2026-01-05T12:00:00Z",
    }
    assert (await api.get(f"/v1/charges/{charge_id}")).json()["disputes"] == [shown]
    assert (await api.get("/v1/disputes")).json() == {
        "object": "list",
        "data": [shown],
        "has_more": False,
        "next_cursor": None,
    }


async def test_each_filter_finds_its_disputes_and_pages_join(api: Api, dsn: str) -> None:
    one, other = await api.paid("one"), await api.paid("other")
    early = disputed(occurred_at=NOON)
    late = disputed(occurred_at=NOON + timedelta(days=1), status="under_review")
    await api.append(one, lambda _: (early,))
    await api.append(other, lambda _: (late,))
    await api.project(dsn)

    async def ids(query: str) -> list[str]:
        return [found["id"] for found in (await api.get(f"/v1/disputes?{query}")).json()["data"]]

    assert await ids("") == [late.dispute_id, early.dispute_id]
    assert await ids(f"charge={one}") == [early.dispute_id]
    assert await ids("status=under_review") == [late.dispute_id]
    assert await ids("created[gt]=2026-01-02T12:00:00Z") == [late.dispute_id]
    assert await ids("created[lte]=2026-01-02T12:00:00Z") == [early.dispute_id]
    first = (await api.get("/v1/disputes?limit=1")).json()
    assert [found["id"] for found in first["data"]] == [late.dispute_id]
    assert await ids(f"cursor={first['next_cursor']}") == [early.dispute_id]


async def test_disputes_of_others_and_of_the_other_mode_are_not_there(api: Api, dsn: str) -> None:
    dispute = disputed()
    await api.append(await api.paid(), lambda _: (dispute,))
    await api.project(dsn)
    other = await api.new_key(merchant_id=await api.merchants.create_merchant("Others"))
    for key in (other, await api.new_key(livemode=True)):
        assert (await api.get("/v1/disputes", key=key)).json()["data"] == []
        reply = await api.get(f"/v1/disputes/{dispute.dispute_id}", key=key)
        assert reply.problem() == (404, "dispute_not_found", "dispute_id")


@pytest.mark.parametrize(
    "dispute_id", ["dp_1", "nonsense", "ch_01kab5m5wvfb9v1c2m5hfv0d2e", "dp_01kab5m5wvfb9v1c2m5hfv0d2e"]
)
async def test_unknown_dispute_is_not_found(api: Api, dispute_id: str) -> None:
    reply = await api.get(f"/v1/disputes/{dispute_id}")
    assert reply.problem() == (404, "dispute_not_found", "dispute_id")


@on_one_installation(
    ("query", "code", "param"),
    [
        ("status=open", "parameter_invalid", "status"),
        ("charge=ch_1", "parameter_invalid", "charge"),
        ("opened[gt]=2026-01-02T12:00:00Z", "parameter_unknown", "opened[gt]"),
        ("cursor=AAAA", "cursor_invalid", "cursor"),
        ("limit=101", "parameter_invalid", "limit"),
    ],
)
async def test_wrong_dispute_query_is_refused_by_parameter(
    api: Api, query: str, code: str, param: str
) -> None:
    assert (await api.get(f"/v1/disputes?{query}")).problem() == (400, code, param)
