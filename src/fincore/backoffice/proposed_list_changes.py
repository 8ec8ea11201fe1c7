"""Changes of the lists of risk for which a second person is needed: those by which live rules let more through."""

from datetime import datetime
from typing import Final, Literal

import msgspec

from fincore.backoffice.proposals import Executed, Impossible, flaw_by_trial
from fincore.backoffice.risk_lists import NoSuchList, add_value, kind_of, remove_value
from fincore.domain.clock import Clock
from fincore.domain.counting import counted
from fincore.domain.errors import UsageError
from fincore.domain.ids import MerchantId
from fincore.domain.proposal import Proposal
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.pool import Connection, Pool, Statements
from fincore.write.risk.list_values import entry_value
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.risk.rules import Stage
from fincore.write.risk.store import ListName

ListChange = Literal["add", "remove"]
ANY_STAGE: Final[frozenset[Stage]] = frozenset(("block_lists", "allow_lists", "rules"))


class ListedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value to add, or to remove; `merchant_id` is None for an entry that is for all merchants."""

    value: str
    merchant_id: MerchantId | None = None
    expires_at: datetime | None = None


class ProposedListChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `risk_list_entries` is to do."""

    list: ListName
    change: ListChange
    entries: tuple[ListedValue, ...]


class ListChangeExecutor:
    """Changes a list, all entries or none."""

    def __init__(self, eventstore: Pool, clock: Clock) -> None:
        self._pool = eventstore
        self._clock = clock

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the list holds such values: it is tried, and rolled back."""
        return await flaw_by_trial(self._pool, lambda connection: self._changed(connection, proposal))

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Change the list."""
        return await self._changed(transaction, proposal)

    async def _changed(self, store: Connection, proposal: Proposal) -> Executed | Impossible:
        act = msgspec.json.decode(proposal.act, type=ProposedListChange)
        try:
            async with store.transaction():
                values = await change_list(
                    RiskLists(store),
                    act,
                    now=self._clock.now(),
                    by=proposal.proposer.username,
                    reason=proposal.reason,
                )
        except (NoSuchList, UsageError) as error:
            return Impossible(str(error))
        done = "added to" if act.change == "add" else "removed from"
        return Executed(f"{counted(values, 'value')} {done} {act.list}")


async def change_list(
    lists: RiskLists, act: ProposedListChange, *, now: datetime, by: str, reason: str
) -> int:
    """Add or remove the values; how many that were. Raises `NoSuchList`, and `UsageError` for what the list cannot hold."""
    changed = 0
    for number, one in enumerate(act.entries, start=1):
        try:
            if act.change == "add":
                await add_value(
                    lists,
                    act.list,
                    one.value,
                    merchant_id=one.merchant_id,
                    expires_at=one.expires_at,
                    now=now,
                    by=by,
                    reason=reason,
                )
                changed += 1
            else:
                removed = await remove_value(
                    lists, act.list, one.value, merchant_id=one.merchant_id, by=by, reason=reason
                )
                changed += removed is not None
        except UsageError as refused:
            if len(act.entries) == 1:
                raise
            raise UsageError(f"entry {number}: {refused}") from None
    return changed


async def loosening(store: Statements, act: ProposedListChange) -> str | None:
    """Why a change needs a second person: live rules let more through by it. None where one person makes it alone.

    It does where an allow list gets an entry, where a block list loses one or has it for a shorter time, and with any change of a list that
    rules of the stage `rules` ask, of which FinCore does not know to which side the entry counts. Raises `NoSuchList`.
    """
    asked_by = await _stages_that_ask(store, act.list)
    if "rules" in asked_by:
        return f"live risk rules ask for {act.list}, beside those that only block or only allow by it"
    if act.change == "add" and "allow_lists" in asked_by:
        return f"live risk rules allow by {act.list}: what is on it is looked at no further"
    if "block_lists" not in asked_by:
        return None
    if act.change == "remove":
        return f"live risk rules block by {act.list}"
    kind, lists = await kind_of(RiskLists(store), act.list), RiskLists(store)
    for one in act.entries:
        value = entry_value(kind, one.value)
        if (
            one.expires_at is not None
            and isinstance(value, str)
            and await lists.outlasts(act.list, value, merchant_id=one.merchant_id, expires_at=one.expires_at)
        ):
            return f"live risk rules block by {act.list}, and an entry there would end earlier"
    return None


async def _stages_that_ask(store: Statements, name: ListName) -> frozenset[Stage]:
    """The stages of the live rules that ask a list: each of them where the rules are not there, or this FinCore cannot read them."""
    versions, found = RiskRuleVersions(store), set[Stage]()
    for version, state in (await versions.in_force()).items():
        if state != "live":
            continue
        live = await versions.read(version)
        if live is None:
            return ANY_STAGE
        rules = read_risk_rules(live.text)
        if isinstance(rules, list):
            return ANY_STAGE
        found.update(rule.rule.stage for rule in rules if any(asked.list == name for asked in rule.asks))
    return frozenset(found)
