"""Versions of routing rules in PostgreSQL: added and never changed, seen by every process, and followed by new charges."""

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap.routing import running_rules
from fincore.domain.errors import ConfigurationError
from fincore.domain.events import CHARGE_EVENTS, ChargeCreated
from fincore.domain.ids import parse_charge_id, stream_of
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool
from fincore.write.routing.rule_cache import RuleCache
from fincore.write.routing.rule_store import RuleStore
from fixtures.merchant_api import ACCOUNTS, serving_api

TO_TEST = "[[rule]]\nname = 'all'\nwhen = 'true'\naccounts = ['stripe/test']\n"


async def test_versions_are_numbered_and_the_latest_is_live(pool: Pool) -> None:
    store = RuleStore(pool)
    assert await store.live_version() == 0
    assert await store.add("", after=0, by="ada", reason="begin") == 1
    assert await store.add(TO_TEST, after=1, by="grace", reason="all to one") == 2
    assert await store.live_version() == 2
    assert [(one.version, one.set_by, one.reason, one.text) for one in await store.list()] == [
        (2, "grace", "all to one", TO_TEST),
        (1, "ada", "begin", ""),
    ]
    assert await store.read(3) is None


async def test_version_after_one_that_is_live_no_more_is_refused(pool: Pool) -> None:
    store = RuleStore(pool)
    await store.add("", after=0, by="ada", reason="begin")
    assert await store.add(TO_TEST, after=0, by="grace", reason="too late") is None
    assert await store.add(TO_TEST, after=5, by="grace", reason="too early") is None
    assert await store.live_version() == 1


@pytest.mark.parametrize(
    "change", ["update routing.rule_versions set text = ''", "delete from routing.rule_versions"]
)
async def test_stored_version_cannot_be_changed(pool: Pool, dsn: str, change: str) -> None:
    await RuleStore(pool).add(TO_TEST, after=0, by="ada", reason="begin")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(change)
    owner = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.RestrictViolationError, match="rule versions explain plans"):
            await owner.execute(change)
    finally:
        await owner.close()


async def test_two_processes_see_a_new_version(pool: Pool) -> None:
    store = RuleStore(pool)
    processes = [RuleCache(store), RuleCache(store)]
    for process in processes:
        await process.refresh()
        assert process.live is None
    await store.add(TO_TEST, after=0, by="ada", reason="begin")
    for process in processes:
        await process.refresh()
        assert process.live is not None
        assert (process.live.version, [one.rule.name for one in process.live.rules]) == (1, ["all"])


async def test_errors_of_a_live_rule_are_counted_from_zero(pool: Pool) -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    store = RuleStore(pool)
    cache = RuleCache(store)
    await store.add(TO_TEST.replace("'all'", "'from_zero'"), after=0, by="ada", reason="begin")
    await cache.refresh()
    assert REGISTRY.get_sample_value("fincore_routing_rule_errors_total", {"rule": "from_zero"}) == 0


async def test_version_that_cannot_be_used_leaves_the_one_before(pool: Pool) -> None:
    store = RuleStore(pool)
    await store.add(TO_TEST, after=0, by="ada", reason="begin")
    cache = RuleCache(store)
    await cache.refresh()
    await store.add(TO_TEST.replace("true", "fact_of_a_later_version"), after=1, by="ada", reason="newer")
    with pytest.raises(ConfigurationError, match=r"version 2 .* cannot be used: line 3: .*undeclared"):
        await cache.refresh()
    assert cache.live is not None
    assert cache.live.version == 1
    with pytest.raises(ConfigurationError, match="set a further version"):
        async with running_rules(pool):
            raise AssertionError("a process must not start with rules that it cannot use")


async def test_new_charge_follows_the_live_rules_and_says_so(pool: Pool) -> None:
    store = RuleStore(pool)
    rules = RuleCache(store)
    log = EventLog(pool, CHARGE_EVENTS)
    async with serving_api(pool, accounts=ACCOUNTS, live_rules=lambda: rules.live) as api:
        plans = []
        for key in ("before", "after"):
            body = {"amount_minor": 1999, "currency": "usd", "payment_method": "pm_card_visa"}
            reply = await api.post("/v1/charges", key, body)
            assert reply.status == 201, reply.body
            (created, *_) = await log.load(stream_of(parse_charge_id(reply.json()["id"])))
            assert isinstance(created.event, ChargeCreated)
            plans.append(created.event.plan)
            await store.add(TO_TEST, after=0, by="ada", reason="begin")
            await rules.refresh()
    before, after = plans
    assert before is None
    assert after is not None
    assert (after.rules_version, after.rule) == (1, "all")
