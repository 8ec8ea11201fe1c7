"""Routing rules as staff see and change them: the live version, the versions before it, and a further one."""

from collections.abc import Sequence

import msgspec

from fincore.domain.counting import counted
from fincore.domain.errors import FinCoreError
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.plan import AccountName
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rule_store import RuleStore, RuleVersion
from fincore.write.routing.rules import CompiledRule, LiveRules, Rule
from fincore.write.rules.rule_text import RuleFlaw


class RulesNotUsable(FinCoreError):
    """A text is no set of routing rules; the message says what is wrong with it, and at which line, and `flaws` all of it."""

    def __init__(self, flaws: Sequence[RuleFlaw]) -> None:
        first = "; ".join(str(flaw) for flaw in flaws[:3])
        more = f"; and {counted(len(flaws) - 3, 'further flaw')}" if len(flaws) > 3 else ""  # noqa: PLR2004 -- a sentence holds three
        super().__init__(f"the rules cannot be used: {first}{more}")
        self.flaws = tuple(flaws)


class RulesChanged(FinCoreError):
    """Another version became live since this command looked."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"another version followed version {version} meanwhile: look at it with `fincore routes show`, then repeat this command"
        )


class NoSuchVersion(FinCoreError):
    """The rules have no such version."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"there is no version {version} of the routing rules: `fincore routes show` lists those there are"
        )


class ShownRules(msgspec.Struct, frozen=True, kw_only=True):
    """One version, its rules, and every version, newest first. `rules` is None where this FinCore cannot read them any more."""

    version: RuleVersion
    rules: tuple[Rule, ...] | None
    history: list[RuleVersion]


async def show_rules(store: RuleStore, version: int | None = None) -> ShownRules | None:
    """A version, the live one unless said; None where no rules were ever set. Raise `NoSuchVersion`."""
    history = await store.list()
    if not history and version is None:
        return None
    shown = await store.read(version) if version is not None else history[0]
    if shown is None:
        raise NoSuchVersion(version or 0)
    rules = read_rules(shown.text)
    return ShownRules(
        version=shown,
        rules=None if isinstance(rules, list) else tuple(one.rule for one in rules),
        history=history,
    )


def checked_rules(text: str, accounts: Sequence[ConfiguredAccount]) -> tuple[CompiledRule, ...]:
    """The rules of a text, which may name only these accounts. Raise `RulesNotUsable`."""
    rules = read_rules(text, [AccountName(account.psp, account.name) for account in accounts])
    if isinstance(rules, list):
        raise RulesNotUsable(rules)
    return rules


async def set_rules(
    store: RuleStore, text: str, accounts: Sequence[ConfiguredAccount], *, by: str, reason: str
) -> LiveRules:
    """Let a text be the live version. Raise `RulesNotUsable` and `RulesChanged`: nothing has changed then."""
    rules = checked_rules(text, accounts)
    before = await store.live_version()
    added = await store.add(text, after=before, by=by, reason=reason)
    if added is None:
        raise RulesChanged(before)
    return LiveRules(added, rules)


async def rules_to_try(
    store: RuleStore, accounts: Sequence[ConfiguredAccount], text: str | None
) -> LiveRules | None:
    """The live rules, or those of a text under the number that they would get. None where no rules were ever set.

    Raise `RulesNotUsable`.
    """
    version = await store.live_version()
    if text is not None:
        return LiveRules(version + 1, checked_rules(text, accounts))
    stored = await store.read(version)
    if stored is None:
        return None
    rules = read_rules(stored.text)
    if isinstance(rules, list):
        raise RulesNotUsable(rules)
    return LiveRules(version, rules)
