"""Versions of risk rules in PostgreSQL: added and never changed, moved between states in one order, followed by every process."""

import asyncpg
import pytest
from prometheus_client import REGISTRY

from fincore.backoffice.risk_rules import (
    NoSuchRiskVersion,
    RiskRulesNotUsable,
    RiskStateRefused,
    draft_rules,
    order_of,
    show_risk_rules,
    starter_rules,
    use_rules,
)
from fincore.bootstrap.risk_engine import running_risk_rules
from fincore.postgres.pool import Pool
from fincore.write.risk.rule_cache import RiskRuleCache
from fincore.write.risk.rule_states import NEXT_STATES, SHADOW_MAX, STATES, RuleState
from fincore.write.risk.rule_versions import RiskRuleVersions, StateChange
from fixtures.risk import NOON, rule

PATHS: dict[RuleState, tuple[RuleState, ...]] = {
    "draft": (),
    "shadow": ("shadow",),
    "live": ("shadow", "live"),
    "retired": ("shadow", "retired"),
}
"""How a version gets to each state."""
LATER = rule("all", "fact_of_a_later_version > 1")


async def version_in(store: RiskRuleVersions, state: RuleState, text: str = "") -> int:
    """A further version, in a state."""
    version = await store.add(text, by="ada", reason="begin")
    present: RuleState = "draft"
    for following in PATHS[state]:
        change = StateChange(version=version, from_state=present, to_state=following, reason="go on")
        assert await store.change([change], by="ada")
        present = following
    return version


async def go(store: RiskRuleVersions, version: int, state: str) -> tuple[StateChange, ...]:
    return await use_rules(store, version, state, now=NOON, by="grace", reason="because")  # type: ignore[arg-type]


async def test_errors_of_a_live_risk_rule_are_counted_from_zero(pool: Pool) -> None:
    """Prometheus sees no increase in a series that begins at 1."""
    store = RiskRuleVersions(pool)
    await version_in(store, "live", rule("from_zero"))
    await RiskRuleCache(store).refresh()
    labels = {"mode": "live", "rule": "from_zero", "action": "block", "result": "error"}
    assert REGISTRY.get_sample_value("fincore_risk_rule_results_total", labels) == 0


async def test_risk_versions_are_numbered_and_begin_as_drafts(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    assert await store.in_force() == {}
    assert await draft_rules(store, rule("a"), now=NOON, by="ada", reason="first") == (1, 1)
    assert await draft_rules(store, "", now=NOON, by="grace", reason="none") == (2, 0)
    assert [(one.version, one.state, one.drafted_by, one.reason) for one in await store.list()] == [
        (2, "draft", "grace", "none"),
        (1, "draft", "ada", "first"),
    ]
    read = await store.read(1)
    assert read is not None
    assert read.text == rule("a")
    assert await store.in_force() == {}


@pytest.mark.parametrize("to_state", STATES)
@pytest.mark.parametrize("from_state", STATES)
async def test_state_changes_are_those_of_the_table(
    pool: Pool, from_state: RuleState, to_state: RuleState
) -> None:
    store = RiskRuleVersions(pool)
    version = await version_in(store, from_state)
    allowed = to_state in NEXT_STATES[from_state]
    change = StateChange(version=version, from_state=from_state, to_state=to_state, reason="try")
    try:
        made = await store.change([change], by="ada")
    except asyncpg.CheckViolationError:
        made = False
    found = await store.read(version)
    assert found is not None
    assert (made, found.state) == (allowed, to_state if allowed else from_state)


async def test_version_that_goes_live_retires_the_one_before(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    old, new = await version_in(store, "live"), await version_in(store, "shadow")
    changes = await go(store, new, "live")
    assert [(one.version, one.to_state) for one in changes] == [(old, "retired"), (new, "live")]
    assert await store.in_force() == {new: "live"}
    latest, before = (await store.changes())[:2]
    assert (latest.version, latest.from_state, latest.to_state) == (new, "shadow", "live")
    assert (latest.changed_by, latest.reason) == ("grace", "because")
    assert (before.version, before.to_state, before.reason) == (
        old,
        "retired",
        f"version {new} takes its place",
    )
    assert [one.to_state for one in await go(store, old, "live")] == ["retired", "live"]


async def test_two_live_versions_are_refused_by_the_database(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    live, other = await version_in(store, "live"), await version_in(store, "shadow")
    change = StateChange(version=other, from_state="shadow", to_state="live", reason="beside")
    assert not await store.change([change], by="ada")
    assert await store.in_force() == {live: "live", other: "shadow"}


async def test_change_on_what_is_past_makes_none_of_its_parts(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    live, other = await version_in(store, "live"), await version_in(store, "retired")
    changes = [
        StateChange(version=live, from_state="live", to_state="retired", reason="first part"),
        StateChange(version=other, from_state="shadow", to_state="live", reason="it is no more in shadow"),
    ]
    assert not await store.change(changes, by="ada")
    assert await store.in_force() == {live: "live"}


async def test_versions_in_shadow_are_bounded(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    for _ in range(SHADOW_MAX):
        await version_in(store, "shadow")
    draft = await version_in(store, "draft")
    with pytest.raises(RiskStateRefused, match="retire one of 1, 2, 3"):
        await go(store, draft, "shadow")
    beside = StateChange(version=draft, from_state="draft", to_state="shadow", reason="one more")
    assert not await store.change([beside], by="ada")
    assert len(await store.in_force()) == SHADOW_MAX


@pytest.mark.parametrize(
    ("begin", "wanted", "message"),
    [
        (
            "draft",
            "live",
            "is a draft, and a version is in shadow before it is live: run `fincore risk shadow 1`",
        ),
        ("draft", "retired", "is a draft, so there is nothing to retire"),
        ("retired", "retired", "is retired already"),
        ("live", "live", "is live already"),
        ("live", "shadow", "is live: let another version be live"),
    ],
)
async def test_refused_state_says_what_to_do(pool: Pool, begin: RuleState, wanted: str, message: str) -> None:
    store = RiskRuleVersions(pool)
    version = await version_in(store, begin)
    with pytest.raises(RiskStateRefused) as refused:
        await go(store, version, wanted)
    assert message in str(refused.value)
    with pytest.raises(NoSuchRiskVersion, match="there is no version 9"):
        await go(store, 9, wanted)


async def test_version_that_cannot_be_used_is_not_activated(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    version = await version_in(store, "draft", LATER)
    with pytest.raises(RiskRulesNotUsable, match="line 3: rule all, column 1 of the condition: undeclared"):
        await go(store, version, "shadow")
    with pytest.raises(RiskRulesNotUsable):
        await draft_rules(store, LATER, now=NOON, by="ada", reason="x")
    gone = await version_in(store, "shadow", rule("a", 'in_list("gone", email)'))
    with pytest.raises(RiskRulesNotUsable, match="there is no list 'gone'"):
        await go(store, gone, "live")
    assert await go(store, gone, "retired")


async def test_rules_ask_the_lists_that_there_are(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    await pool.execute(
        "insert into risk.lists (name, kind, created_by, reason) values ('bad_emails', 'email', 'ada', 'begin')"
    )
    assert await store.lists() == {"bad_emails": "email"}
    asking = rule("a", 'in_list("bad_emails", email)')
    version, _ = await draft_rules(store, asking, now=NOON, by="ada", reason="x")
    await go(store, version, "shadow")
    with pytest.raises(RiskRulesNotUsable, match="the list bad_emails holds values of kind email"):
        await draft_rules(store, asking.replace("email)", "ip)"), now=NOON, by="ada", reason="x")


@pytest.mark.parametrize(
    "change",
    [
        "update risk.rule_versions set reason = 'x'",
        "delete from risk.rule_versions",
        "update risk.rule_set_changes set reason = 'x'",
        "delete from risk.rule_set_changes",
    ],
)
async def test_stored_risk_rules_cannot_be_changed(pool: Pool, dsn: str, change: str) -> None:
    await version_in(RiskRuleVersions(pool), "live")
    owner = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(change)
        with pytest.raises(asyncpg.RestrictViolationError, match="risk rules explain decisions"):
            await owner.execute(change)
    finally:
        await owner.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("update risk.rule_set_states set state = 'shadow'")


async def test_starter_rules_are_usable_and_go_to_shadow(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    version, count = await draft_rules(store, starter_rules(), now=NOON, by="ada", reason="begin")
    assert count > 5
    await use_rules(store, version, "shadow", now=NOON, by="ada", reason="begin")
    ordered = await order_of(store, version)
    assert ordered is not None
    priorities = [one.priority for one in ordered.rules]
    assert priorities == sorted(priorities)
    shown = await show_risk_rules(store)
    assert (shown.version, len(shown.versions), len(shown.changes)) == (None, 1, 1)
    assert await order_of(store) is None


async def test_processes_follow_live_and_shadow(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    processes = [RiskRuleCache(store), RiskRuleCache(store)]
    live, shadow = await version_in(store, "live", rule("a")), await version_in(store, "shadow", rule("b"))
    for process in processes:
        await process.refresh()
        assert process.live is not None
        assert (process.live.version, [one.version for one in process.shadow]) == (live, [shadow])
    first = processes[0].shadow[0]
    await go(store, shadow, "live")
    await processes[0].refresh()
    assert (processes[0].live, processes[0].shadow) == (first, ())
    await go(store, shadow, "retired")
    await processes[0].refresh()
    assert (processes[0].live, processes[0].lacks_live) == (None, False)


async def test_live_version_that_is_unusable_leaves_the_last_good(pool: Pool) -> None:
    store = RiskRuleVersions(pool)
    good = await version_in(store, "live", rule("a"))
    cache = RiskRuleCache(store)
    await cache.looks.look()
    later = await version_in(store, "shadow", LATER)
    changes = [
        StateChange(version=good, from_state="live", to_state="retired", reason="x"),
        StateChange(version=later, from_state="shadow", to_state="live", reason="by a later FinCore"),
    ]
    assert await store.change(changes, by="ada")
    await cache.looks.look()
    assert cache.live is not None
    assert (cache.live.version, cache.lacks_live) == (good, False)
    assert REGISTRY.get_sample_value("fincore_risk_rules_unusable") == 1
    async with running_risk_rules(pool) as started:
        assert (started.live, started.lacks_live) == (None, True)
    await go(store, good, "live")
    await cache.looks.look()
    assert cache.live is not None
    assert cache.live.version == good
    assert REGISTRY.get_sample_value("fincore_risk_rules_unusable") == 0


class AwayVersions(RiskRuleVersions):
    """A store that can be away."""

    is_away = False

    async def in_force(self) -> dict[int, RuleState]:
        if self.is_away:
            raise TimeoutError
        return await super().in_force()


async def test_age_of_rules_tells_that_they_cannot_be_looked_for(pool: Pool) -> None:
    now, store = 100.0, AwayVersions(pool)
    cache = RiskRuleCache(store, monotonic=lambda: now)
    store.is_away, now = True, 161.0
    await cache.looks.look()
    assert REGISTRY.get_sample_value("fincore_risk_rules_age_seconds") == 61.0
    store.is_away = False
    await cache.looks.look()
    assert REGISTRY.get_sample_value("fincore_risk_rules_age_seconds") == 0.0


async def test_expired_rule_is_refused_but_for_a_return(pool: Pool) -> None:
    store, text = RiskRuleVersions(pool), f"{rule('a')}expires = {NOON.isoformat()}\n"
    with pytest.raises(RiskRulesNotUsable, match="line 1: rule a: expires is in the past"):
        await draft_rules(store, text, now=NOON, by="ada", reason="x")
    version = await version_in(store, "draft", text)
    with pytest.raises(RiskRulesNotUsable, match="expires is in the past"):
        await go(store, version, "shadow")
    version = await version_in(store, "shadow", text)
    with pytest.raises(RiskRulesNotUsable, match="expires is in the past"):
        await go(store, version, "live")
    version = await version_in(store, "retired", text)
    with pytest.raises(RiskRulesNotUsable, match="expires is in the past"):
        await go(store, version, "shadow")
    assert await go(store, version, "live")
