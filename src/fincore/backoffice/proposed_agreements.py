"""Proposals about what is agreed with a merchant as they are carried out: fee plans, and card numbers of live mode."""

import msgspec

from fincore.backoffice.proposals import Executed, Impossible
from fincore.domain.clock import Clock
from fincore.domain.currency import Currency
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import MerchantId
from fincore.domain.proposal import Proposal
from fincore.domain.staff_decision import StaffDecision
from fincore.postgres.pool import Connection, Pool, Statements
from fincore.write.merchants.fee_plans import AgreedPlan, FeePlanNotUsable, FeePlans
from fincore.write.merchants.merchants import NAME_CHARACTERS_MAX, Merchants, UnknownMerchant
from fincore.write.merchants.raw_card_decisions import RawCardDecisions, RawCardsBusy


class ProposedFeePlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `fee_plan` is to do: let a plan count in the place of the plan `replaces_plan`, which is 0 where the currency has none."""

    merchant_id: MerchantId
    plan_currency: Currency
    basis_points: int
    fixed_minor: int
    replaces_plan: int


class ProposedRawCards(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `raw_cards` is to do: let a merchant send card numbers in live mode."""

    merchant_id: MerchantId


class FeePlanExecutor:
    """Lets a fee plan count, if the plan that it follows counts still."""

    def __init__(self, eventstore: Pool, clock: Clock) -> None:
        self._pool = eventstore
        self._clock = clock

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether the plan that it follows counts still."""
        act = msgspec.json.decode(proposal.act, type=ProposedFeePlan)
        return await self._changed(self._pool, act)

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Set the plan."""
        act = msgspec.json.decode(proposal.act, type=ProposedFeePlan)
        if (changed := await self._changed(transaction, act)) is not None:
            return changed
        plan = FeePlan(basis_points=act.basis_points, fixed_minor=act.fixed_minor)
        by = proposal.proposer.username[:NAME_CHARACTERS_MAX]
        try:
            await FeePlans(transaction, self._clock).set(act.merchant_id, act.plan_currency, plan, by=by)
        except (UnknownMerchant, FeePlanNotUsable) as error:
            return Impossible(str(error))
        return Executed(f"plan {act.replaces_plan + 1} in {act.plan_currency} of {act.merchant_id}")

    async def _changed(self, store: Statements, act: ProposedFeePlan) -> Impossible | None:
        latest = latest_plan(await FeePlans(store, self._clock).list(act.merchant_id), act.plan_currency)
        if latest == act.replaces_plan:
            return None
        return Impossible(
            f"plan {latest} in {act.plan_currency} counts by now, and the proposal follows plan {act.replaces_plan}: propose it again"
        )


class RawCardsExecutor:
    """Lets a merchant send card numbers in live mode."""

    def __init__(self, eventstore: Pool, clock: Clock) -> None:
        self._pool = eventstore
        self._clock = clock

    async def check(self, proposal: Proposal, _: StaffDecision) -> Impossible | None:
        """Whether its merchant is there."""
        act = msgspec.json.decode(proposal.act, type=ProposedRawCards)
        found = await Merchants(self._pool, self._clock).find(act.merchant_id)
        return None if found is not None else Impossible(f"there is no merchant {act.merchant_id}")

    async def execute_in(
        self, transaction: Connection, proposal: Proposal, _: StaffDecision
    ) -> Executed | Impossible:
        """Add the decision."""
        act = msgspec.json.decode(proposal.act, type=ProposedRawCards)
        try:
            await RawCardDecisions(transaction, self._clock).add(
                act.merchant_id,
                livemode=True,
                is_enabled=True,
                by=proposal.proposer.username,
                reason=proposal.reason,
            )
        except (UnknownMerchant, RawCardsBusy) as error:
            return Impossible(str(error))
        return Executed(f"{act.merchant_id} may send card numbers")


def latest_plan(plans: list[AgreedPlan], currency: Currency) -> int:
    """The number of the plan that counts in a currency; 0 where there is none."""
    return max((one.plan_no for one in plans if one.currency == currency), default=0)
