"""Proposals about settings as they are carried out: live keys, risk rules, routing rules; each in one transaction with its end."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from fincore.backoffice.proposals import Executed, Impossible, flaw_by_trial
from fincore.backoffice.risk_rules import (
    NoSuchRiskVersion,
    RiskRulesNotUsable,
    RiskStateRefused,
    use_rules,
)
from fincore.backoffice.routing_rules import RulesChanged, RulesNotUsable, checked_rules, set_rules
from fincore.domain.clock import Clock
from fincore.domain.proposal import Proposal
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.pool import Connection, Pool, Statements
from fincore.write.merchants.merchants import KeyRow, Merchants, UnknownMerchant
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.routing.rule_store import RuleStore


class ProposedRiskRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `risk_rules` is to do: use a version that is kept already."""

    version: int
    state: Literal["live", "retired"]


class ProposedRoutingRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `routing_rules` is to do: let a text be live in place of the version `after`."""

    text: str
    after: int


class LiveKeyExecutor:
    """Lets a key work that was minted when it was proposed. The proposer has seen its secret, which nothing stores."""

    def __init__(self, eventstore: Pool, clock: Clock) -> None:
        self._pool = eventstore
        self._clock = clock

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether its merchant is there."""
        row = msgspec.json.decode(proposal.act, type=KeyRow)
        found = await Merchants(self._pool, self._clock).find(row.merchant_id)
        return None if found is not None else Impossible(f"there is no merchant {row.merchant_id}")

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Store its hash."""
        row = msgspec.json.decode(proposal.act, type=KeyRow)
        try:
            await Merchants(transaction, self._clock).keep_key(row)
        except UnknownMerchant as error:
            return Impossible(str(error))
        return Executed(row.key_id)


class RiskRulesExecutor:
    """Lets a version of the risk rules be live, or retires the live one."""

    def __init__(self, eventstore: Pool, clock: Clock) -> None:
        self._pool = eventstore
        self._clock = clock

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the version may be used so now: it is tried, and rolled back."""
        return await flaw_by_trial(self._pool, lambda connection: self._use(connection, proposal))

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Use the version so."""
        return await self._use(transaction, proposal)

    async def _use(self, store: Statements, proposal: Proposal) -> Executed | Impossible:
        act = msgspec.json.decode(proposal.act, type=ProposedRiskRules)
        try:
            await use_rules(
                RiskRuleVersions(store),
                act.version,
                act.state,
                now=self._clock.now(),
                by=proposal.proposer.username,
                reason=proposal.reason,
            )
        except (NoSuchRiskVersion, RiskRulesNotUsable, RiskStateRefused) as error:
            return Impossible(str(error))
        return Executed(f"version {act.version} is {act.state}")


class RoutingRulesExecutor:
    """Lets routing rules be live, which may name only these accounts."""

    def __init__(self, eventstore: Pool, accounts: Sequence[ConfiguredAccount]) -> None:
        self._pool = eventstore
        self._accounts = accounts

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the text can be used, and the version that it follows is live still."""
        act = msgspec.json.decode(proposal.act, type=ProposedRoutingRules)
        try:
            checked_rules(act.text, self._accounts)
        except RulesNotUsable as error:
            return Impossible(str(error))
        return _other_version(await RuleStore(self._pool).live_version(), act.after)

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Add the version."""
        act, store = msgspec.json.decode(proposal.act, type=ProposedRoutingRules), RuleStore(transaction)
        if (changed := _other_version(await store.live_version(), act.after)) is not None:
            return changed
        try:
            live = await set_rules(
                store, act.text, self._accounts, by=proposal.proposer.username, reason=proposal.reason
            )
        except (RulesNotUsable, RulesChanged) as error:
            return Impossible(str(error))
        return Executed(f"version {live.version} is live")


def _other_version(live: int, expected: int) -> Impossible | None:
    if live == expected:
        return None
    return Impossible(
        f"version {live} of the routing rules is live, and the proposal follows version {expected}: propose it again"
    )
