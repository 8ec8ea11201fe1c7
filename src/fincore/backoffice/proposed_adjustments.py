"""Proposals about breaks as they are carried out: adjustments, write-offs, their reversals, and what a PSP held at first."""

from collections.abc import Awaitable

import msgspec

from fincore.backoffice.adjustments import StaffAdjustments
from fincore.backoffice.proposals import Executed, Impossible, NotNow
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentReversed
from fincore.domain.ids import AdjustmentId
from fincore.domain.proposal import Proposal
from fincore.domain.staff_decision import StaffDecision
from fincore.reconciliation.adjustments.acts import Account, AdjustmentBusy, AdjustmentRefused
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.breaks.break_actions import BreakBusy, BreakNotChanged


class ProposedBreak(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `adjustment` or `write_off` is to do: the amount is what the person saw, with its sign."""

    break_id: int
    amount_minor: int


class ProposedReversal(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `adjustment_reversal` is to do."""

    adjustment_id: AdjustmentId


class ProposedOpening(msgspec.Struct, frozen=True, kw_only=True):
    """What a proposal `opening` is to do."""

    account: Account
    amount_minor: int


class AdjustmentExecutor:
    """Carries proposals about breaks out. `trial` is the same service, which decides nothing."""

    def __init__(self, adjustments: StaffAdjustments, trial: StaffAdjustments) -> None:
        self._adjustments = adjustments
        self._trial = trial

    async def check(self, proposal: Proposal, agreed: StaffDecision) -> Impossible | None:
        """Why it could not be decided as things stand, amounts included."""
        done = await _outcome(_decided(self._trial, proposal, agreed))
        return done if isinstance(done, Impossible) else None

    async def execute(self, proposal: Proposal, agreed: StaffDecision) -> Executed | Impossible:
        """Decide it, under ids that follow from the break, once for the proposal. Raises `NotNow`."""
        return await _outcome(_decided(self._adjustments, proposal, agreed))

    async def made(self, proposal: Proposal, agreed: StaffDecision) -> Executed | None:
        """The adjustment that was decided for the proposal, or None. Raises `NotNow`."""
        try:
            decided = await self._trial.decided_for(
                agreed, proposal.proposer.username, is_reversal=proposal.kind == "adjustment_reversal"
            )
        except AdjustmentBusy as error:
            raise NotNow(str(error)) from error
        return None if decided is None else Executed(decided)


def _decided(
    adjustments: StaffAdjustments, proposal: Proposal, agreed: StaffDecision
) -> Awaitable[AdjustmentBooked | AdjustmentReversed]:
    by, reason = proposal.proposer.username, proposal.reason
    match proposal.kind:
        case "adjustment" | "write_off":
            about = msgspec.json.decode(proposal.act, type=ProposedBreak)
            decision = Decision(
                kind=proposal.kind, amount_minor=about.amount_minor, by=by, reason=reason, staff=agreed
            )
            return adjustments.adjust(about.break_id, decision)
        case "adjustment_reversal":
            named = msgspec.json.decode(proposal.act, type=ProposedReversal)
            return adjustments.reverse(named.adjustment_id, by=by, reason=reason, staff=agreed)
        case "opening":
            opening = msgspec.json.decode(proposal.act, type=ProposedOpening)
            return adjustments.explain_opening(
                opening.account, opening.amount_minor, by=by, reason=reason, staff=agreed
            )
        case _:
            raise ValueError(f"{proposal.proposal_id} is about no break")


async def _outcome(deciding: Awaitable[AdjustmentBooked | AdjustmentReversed]) -> Executed | Impossible:
    try:
        decided = await deciding
    except (AdjustmentBusy, BreakBusy) as error:
        raise NotNow(str(error)) from error
    except (AdjustmentRefused, BreakNotChanged) as error:
        return Impossible(str(error))
    return Executed(decided.adjustment_id)
