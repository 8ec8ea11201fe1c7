"""Charges that the risk engine blocks, challenges, holds for review or lets through, over HTTP and in two processes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fincore.domain.risk import RiskDecision
from fincore.eventstore.commit import Conflict
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Api, serving_api
from fixtures.risk_engines import NamedEngine


@pytest.fixture
async def engine() -> NamedEngine:
    return NamedEngine("block")


@pytest.fixture
async def api(pool: Pool, engine: NamedEngine) -> AsyncIterator[Api]:
    async with serving_api(pool, risk=engine) as api:
        yield api


async def history(pool: Pool) -> list[str]:
    rows = await pool.fetch("select type from eventstore.events order by stream_id, version")
    return [row["type"] for row in rows]


async def jobs(pool: Pool) -> int:
    return int(await pool.fetchval("select count(*) from queue.pgqueuer"))


async def test_blocked_charge_fails_in_its_first_commit(api: Api, pool: Pool) -> None:
    reply = await api.charge("k")
    assert reply.problem()[:2] == (402, "charge_failed")
    charge = reply.json()["charge"]
    assert charge["status"] == "failed"
    assert (charge["failure"]["code"], charge["failure"]["advice"]) == ("blocked_by_risk", "do_not_retry")
    assert charge["failure"]["customer_message"] == "The payment could not be made, and you were not charged."
    assert b"named_by_test" not in reply.body
    assert await history(pool) == ["charge.created", "charge.risk_assessed", "charge.failed"]
    assert await jobs(pool) == 0
    shown = (await api.get(f"/v1/charges/{charge['id']}")).json()
    assert [(entry["type"], entry["data"].get("decision")) for entry in shown["timeline"]] == [
        ("charge.created", None),
        ("charge.risk_assessed", "block"),
        ("charge.failed", None),
    ]


@pytest.mark.parametrize("decision", ["allow", "challenge", "review"])
async def test_other_decisions_leave_the_charge_its_job(
    api: Api, pool: Pool, engine: NamedEngine, decision: RiskDecision
) -> None:
    engine.decision = decision
    reply = await api.charge("k")
    assert (reply.status, reply.json()["status"]) == (201, "processing")
    assert await history(pool) == ["charge.created", "charge.risk_assessed"]
    assert await jobs(pool) == 1


async def test_client_that_waits_is_told_of_the_block_at_once(api: Api, pool: Pool) -> None:
    reply = await api.charge("k", prefer="wait=30")
    assert reply.problem()[:2] == (402, "charge_failed")
    assert await jobs(pool) == 0


async def test_repeated_request_gets_the_first_decision(api: Api, pool: Pool, engine: NamedEngine) -> None:
    first = await api.charge("k")
    engine.decision = "allow"
    again = await api.charge("k")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await api.charge("k", amount_minor=2000)).problem()[:2] == (422, "idempotency_key_reused")
    # Another process has nothing in its cache, and finds the key before it asks its own engine.
    other_engine = NamedEngine("allow")
    async with serving_api(pool, risk=other_engine) as other:
        there = await other.charge("k", key=api.key)
    assert (there.status, there.body) == (first.status, first.body)
    assert len(engine.asked) == 1
    assert other_engine.asked == []


async def test_key_used_at_once_in_two_processes_has_one_decision(api: Api, pool: Pool) -> None:
    async with serving_api(pool, risk=NamedEngine("allow")) as other:
        replies = await asyncio.gather(
            *(one for _ in range(5) for one in (api.charge("k"), other.charge("k", key=api.key)))
        )
    assert len({(reply.status, reply.body) for reply in replies}) == 1
    assert (await history(pool))[:2] == ["charge.created", "charge.risk_assessed"]
    assert await api.keys_used() == 1


async def test_request_that_decides_again_is_assessed_once(
    api: Api, engine: NamedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, tries = api.writer.commit, iter([Conflict(), Conflict()])

    async def contended(one: object) -> object:
        conflict = next(tries, None)
        return conflict or await commit(one)  # type: ignore[arg-type]

    monkeypatch.setattr(api.writer, "commit", contended)
    assert (await api.charge("k")).status == 402
    assert len(engine.asked) == 1


async def test_without_rules_no_key_is_looked_up_and_nothing_assessed(
    api: Api, pool: Pool, engine: NamedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.decision = None
    looked_up: list[object] = []
    monkeypatch.setattr(api.writer, "find_response", looked_up.append)
    assert (await api.charge("k")).status == 201
    assert (looked_up, engine.asked) == ([], [])
    assert await history(pool) == ["charge.created"]


async def test_engine_is_told_what_the_merchant_sent(api: Api, engine: NamedEngine) -> None:
    await api.charge("k", customer={"ip": "2001:0db8::7", "device_id": "d-1"}, billing_country="FR")
    (asked,) = engine.asked
    assert asked.customer is not None
    assert (asked.customer.ip, asked.customer.device_id, asked.billing_country) == (
        "2001:db8::7",
        "d-1",
        "FR",
    )
    assert (asked.merchant_id, asked.payment_token) == (api.merchant_id, "pm_card_visa")
