"""The risk engine over its store in PostgreSQL, in this process and in a function of Lambda: counters and lists decide, a repeated request is one attempt."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from harness.lambda_runtime import lambda_function
from msgspec.structs import replace

from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.risk_engine import configured_engine
from fincore.domain.errors import ConfigurationError
from fincore.domain.risk import CustomerContext, RiskAssessment
from fincore.postgres.pool import Pool
from fincore.write.risk.engine import RiskEngine
from fincore.write.risk.rule_versions import RiskRuleVersions, StateChange
from fixtures.clocks import HandClock
from fixtures.lambda_invoke import Invocable, invoke_endpoint
from fixtures.risk import NOON, REQUEST, rule

LIST = "insert into risk.lists (name, kind, created_by, reason) values ('bad_ips', 'ip', 'ada', 'begin')"
ENTRY = (
    "insert into risk.list_entries (list, kind, value, network, added_by, reason) "
    "values ('bad_ips', 'ip', '192.0.2.0/24', '192.0.2.0/24', 'ada', 'a burst')"
)
LISTING = rule("listing", 'in_list("bad_ips", ip)', "block", stage="block_lists")
LIMIT = rule("limit", "attempts_by_ip_1h > 2 || attempted_minor_by_email_24h > 100000")
HANDLER = "fincore.bootstrap.functions.risk.assess"
BOUNDS_MS = {"FINCORE_RISK_TIMEOUT_MS": "5000", "FINCORE_RISK_FAILURE_MODE": "closed"}
"""The machine may be busy: nothing here is about the bound."""

Opened = Callable[[], AbstractAsyncContextManager[RiskEngine]]


@pytest.fixture
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    async with open_stores(databases, application_name="tests-risk") as stores:
        yield stores


@pytest.fixture
async def function(dsn: str, tmp_path: Path) -> AsyncIterator[Invocable]:
    """The function. Its process has not been started."""
    environment = {"FINCORE_EVENTSTORE_DSN": dsn, **BOUNDS_MS}
    async with lambda_function(HANDLER, environment, log=tmp_path / "log") as function:
        yield Invocable("risk", function.invoke)


@pytest.fixture
async def environment(function: Invocable, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, str]]:
    """Settings by which charges are assessed in the function."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    async with invoke_endpoint(function) as endpoint:
        yield {
            **BOUNDS_MS,
            "FINCORE_RISK_FUNCTION": "risk",
            "FINCORE_RISK_FUNCTION_REGION": "eu-central-1",
            "FINCORE_RISK_FUNCTION_URL": endpoint.url,
            "FINCORE_RISK_FUNCTION_TIMEOUT_MS": "10000",
        }


@pytest.fixture(params=["in_process", "function"])
async def opened(
    request: pytest.FixtureRequest, stores: Stores, function: Invocable, environment: dict[str, str]
) -> Opened:
    """Makes an engine as another process of the installation has it."""
    variables = BOUNDS_MS
    if request.param == "function":
        variables = environment
        # A cold start on a busy machine is longer than the bound.
        cold = await function.invoke({})
        assert cold.error_type == "NotAQuestion"
    settings = read_settings(variables)
    return lambda: configured_engine(stores, HandClock(NOON), settings)


async def let_live(stores: Stores, text: str, *, retired: int | None = None) -> int:
    versions = RiskRuleVersions(stores.eventstore)
    version = await versions.add(text, by="ada", reason="begin")
    changes = [
        StateChange(version=version, from_state="draft", to_state="shadow", reason="go on"),
        StateChange(version=version, from_state="shadow", to_state="live", reason="go on"),
    ]
    if retired is not None:
        change = StateChange(version=retired, from_state="live", to_state="retired", reason="go on")
        changes.insert(1, change)
    assert await versions.change(changes, by="ada")
    return version


async def assessed(engine: RiskEngine, number: int, **changes: object) -> RiskAssessment | None:
    """The assessment of the request with a number."""
    return await engine.assess(replace(REQUEST, dedupe=number.to_bytes(16), **changes))


async def decided(engine: RiskEngine, number: int, **changes: object) -> RiskAssessment:
    found = await assessed(engine, number, **changes)
    assert found is not None
    assert found.unavailable is None
    return found


async def test_engine_counts_each_request_once_over_processes(opened: Opened, stores: Stores) -> None:
    async with opened() as without_rules:
        assert await assessed(without_rules, 1) is None
    version = await let_live(stores, LIMIT)
    async with opened() as one, opened() as other:
        numbers = ((one, 1), (one, 1), (other, 2), (other, 1), (one, 3), (one, 2), (other, 4))
        found = [await decided(*of_request) for of_request in numbers]
    assert [one.facts["attempts_by_ip_1h"] for one in found] == [1, 1, 2, 2, 3, 3, 4]
    assert [one.decision for one in found] == ["allow"] * 4 + ["block"] * 3
    assert [one.facts["attempted_minor_by_email_24h"] for one in found][-1] == 4 * 1999
    assert {one.rules_version for one in found} == {version}


@pytest.mark.parametrize(
    "opened", ["in_process", pytest.param("function", marks=pytest.mark.long)], indirect=True
)
async def test_engine_finds_address_in_a_listed_network(opened: Opened, stores: Stores) -> None:
    await stores.eventstore.execute(LIST)
    await stores.eventstore.execute(ENTRY)
    await let_live(stores, LISTING)
    async with opened() as engine:
        found = await decided(engine, 1)
        assert (found.decision, found.rule, found.facts['in_list("bad_ips", ip)']) == (
            "block",
            "listing",
            True,
        )
        other = await decided(engine, 2, customer=CustomerContext(ip="198.51.100.7"))
        assert (other.decision, other.facts['in_list("bad_ips", ip)']) == ("allow", False)
        unknown = await decided(engine, 3, customer=None)
        assert (unknown.decision, unknown.unknown) == ("allow", ("listing",))


@pytest.mark.long
async def test_engine_without_its_counters_leaves_the_failure_mode(
    opened: Opened, stores: Stores, owner_pool: Pool
) -> None:
    """Rules that need no counter decide all the same."""
    await let_live(stores, LIMIT + rule("large", "amount_minor > 5000"))
    await owner_pool.execute("alter table risk.attempts rename to away")
    async with opened() as engine:
        for amount_minor, rule_hit in ((1999, None), (5001, "large")):
            found = await assessed(engine, 1, money=replace(REQUEST.money, amount_minor=amount_minor))
            assert found is not None
            assert (found.decision, found.unavailable, found.rule) == (
                "block",
                "store_unavailable",
                rule_hit,
            )


@pytest.mark.long
async def test_engine_follows_rules_that_are_retired(opened: Opened, stores: Stores) -> None:
    version = await let_live(stores, rule("all", action="review", fallback="block"))
    async with opened() as engine:
        assert (await decided(engine, 1)).decision == "review"
    newer = await let_live(stores, rule("all"), retired=version)
    async with opened() as engine:
        assert ((await decided(engine, 2)).decision, newer) == ("block", version + 1)


async def test_role_does_not_start_without_its_function(
    function: Invocable, environment: dict[str, str], stores: Stores
) -> None:
    function.name = "another"
    with pytest.raises(ConfigurationError, match="FINCORE_RISK_FUNCTION must name a function"):
        async with configured_engine(stores, HandClock(NOON), read_settings(environment)):
            pass
