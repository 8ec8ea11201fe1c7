"""Risk rules as staff see and change them: versions, what each is used for, and the order in which its rules decide."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Literal

import msgspec

from fincore.domain.counting import counted
from fincore.domain.errors import FinCoreError
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rule_states import NEXT_STATES, SHADOW_MAX, RuleState
from fincore.write.risk.rule_versions import MadeChange, RiskRuleVersion, RiskRuleVersions, StateChange
from fincore.write.risk.rules import RiskRule, in_order
from fincore.write.rules.rule_text import RuleFlaw


class RiskRulesNotUsable(FinCoreError):
    """A text is no set of risk rules; the message says what is wrong with it first, and `flaws` all of it."""

    def __init__(self, flaws: Sequence[RuleFlaw]) -> None:
        further = len(flaws) - 1
        more = f"; and {counted(further, 'further flaw')}" if further else ""
        super().__init__(f"the rules cannot be used: {flaws[0]}{more}")
        self.flaws = tuple(flaws)


class NoSuchRiskVersion(FinCoreError):
    """The risk rules have no such version."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"there is no version {version} of the risk rules: `fincore risk show` lists those there are"
        )


class RiskStateRefused(FinCoreError):
    """A version cannot be used in the way that was asked for; the message says why and what can be done."""


class ShownRiskRules(msgspec.Struct, frozen=True, kw_only=True):
    """One version with its rules in the order of the file, all versions and all changes, newest first.

    `version` is None where none is live and none was asked for; `rules` where this FinCore cannot read them.
    """

    version: RiskRuleVersion | None
    rules: tuple[RiskRule, ...] | None
    versions: list[RiskRuleVersion]
    changes: Sequence[MadeChange]


class OrderedRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a version in the order in which they decide."""

    version: int
    state: RuleState
    rules: tuple[RiskRule, ...]


async def show_risk_rules(store: RiskRuleVersions, version: int | None = None) -> ShownRiskRules:
    """A version, the live one unless said. Raises `NoSuchRiskVersion`."""
    shown = await _asked(store, version)
    rules = [] if shown is None else read_risk_rules(shown.text)
    return ShownRiskRules(
        version=shown,
        rules=None if isinstance(rules, list) else tuple(one.rule for one in rules),
        versions=await store.list(),
        changes=await store.changes(),
    )


async def order_of(store: RiskRuleVersions, version: int | None = None) -> OrderedRules | None:
    """The rules of a version in their order, of the live one unless said; None where none is live.

    Raises `NoSuchRiskVersion` and `RiskRulesNotUsable`.
    """
    asked = await _asked(store, version)
    if asked is None:
        return None
    rules = read_risk_rules(asked.text)
    if isinstance(rules, list):
        raise RiskRulesNotUsable(rules)
    ordered = tuple(one.rule for one in in_order(rules))
    return OrderedRules(version=asked.version, state=asked.state, rules=ordered)


async def checked_rules(store: RiskRuleVersions, text: str, *, now: datetime) -> tuple[RiskRule, ...]:
    """The rules of a text in the order in which they decide. Raises `RiskRulesNotUsable`."""
    rules = read_risk_rules(text, await store.lists(), now=now)
    if isinstance(rules, list):
        raise RiskRulesNotUsable(rules)
    return tuple(one.rule for one in in_order(rules))


async def draft_rules(
    store: RiskRuleVersions, text: str, *, now: datetime, by: str, reason: str
) -> tuple[int, int]:
    """Keep a text as a draft; return its version and how many rules it has. Raises `RiskRulesNotUsable`."""
    rules = read_risk_rules(text, await store.lists(), now=now)
    if isinstance(rules, list):
        raise RiskRulesNotUsable(rules)
    return await store.add(text, by=by, reason=reason), len(rules)


async def use_rules(
    store: RiskRuleVersions,
    version: int,
    state: Literal["shadow", "live", "retired"],
    *,
    now: datetime,
    by: str,
    reason: str,
) -> tuple[StateChange, ...]:
    """Let a version be in shadow, live, or retired; return the changes made. The one that was live is retired then.

    Raises `NoSuchRiskVersion`, `RiskRulesNotUsable` for one that this FinCore cannot use, and `RiskStateRefused`.
    """
    found = await store.read(version)
    if found is None:
        raise NoSuchRiskVersion(version)
    if state not in NEXT_STATES[found.state]:
        raise RiskStateRefused(_why_not(found, state))
    if state != "retired":
        # To go back must always be possible: a rule of an earlier version that has expired since hits nothing.
        is_return = found.state == "retired" and state == "live"
        rules = read_risk_rules(found.text, await store.lists(), now=None if is_return else now)
        if isinstance(rules, list):
            raise RiskRulesNotUsable(rules)
    in_force = await store.in_force()
    shadows = [other for other, its in in_force.items() if its == "shadow"]
    if state == "shadow" and len(shadows) >= SHADOW_MAX:
        raise RiskStateRefused(
            f"{SHADOW_MAX} versions are in shadow, and more would slow every charge: retire one of "
            f"{', '.join(map(str, shadows))} with `fincore risk retire` first"
        )
    changes = [StateChange(version=version, from_state=found.state, to_state=state, reason=reason)]
    if state == "live":
        changes[:0] = [
            StateChange(
                version=other,
                from_state="live",
                to_state="retired",
                reason=f"version {version} takes its place",
            )
            for other, its in in_force.items()
            if its == "live"
        ]
    if not await store.change(changes, by=by):
        raise RiskStateRefused(
            "another change of the risk rules was made meanwhile: look at them with `fincore risk show`, then repeat this command"
        )
    return tuple(changes)


def starter_rules() -> str:
    """The rules that FinCore comes with, as a file."""
    return files("fincore.write.risk").joinpath("starter_rules.toml").read_text(encoding="utf-8")


def _why_not(found: RiskRuleVersion, state: RuleState) -> str:
    if found.state == state:
        return f"version {found.version} is {_WORDS[state]} already"
    if found.state == "draft" and state == "live":
        return (
            f"version {found.version} is a draft, and a version is in shadow before it is live: "
            f"run `fincore risk shadow {found.version}`, and look at what it would do"
        )
    if found.state == "live" and state == "shadow":
        return f"version {found.version} is live: let another version be live, or run `fincore risk retire {found.version}` first"
    return f"version {found.version} is {_WORDS[found.state]}, so there is nothing to retire"


_WORDS: Mapping[RuleState, str] = {
    "draft": "a draft",
    "shadow": "in shadow",
    "live": "live",
    "retired": "retired",
}


async def _asked(store: RiskRuleVersions, version: int | None) -> RiskRuleVersion | None:
    if version is not None:
        found = await store.read(version)
        if found is None:
            raise NoSuchRiskVersion(version)
        return found
    live = [number for number, state in (await store.in_force()).items() if state == "live"]
    return await store.read(live[0]) if live else None
