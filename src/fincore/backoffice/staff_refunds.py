"""Refunds that staff make: alone within their limits, else with a second person."""

from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from fincore.backoffice.proposals import Executed, Impossible, NotNow
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent, RefundReason
from fincore.domain.ids import ChargeId, RequestId, new_refund_id, staff_refund_id, stream_of
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit, OverLimit, over_limit, over_limit_sentence
from fincore.domain.proposal import Proposal
from fincore.domain.refusal import Refusal
from fincore.domain.requests import request_refund
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import StaffDecision
from fincore.eventstore.log import EventLog
from fincore.write.payments.idempotent_requests import Refused, Responded
from fincore.write.payments.operation_request import RefundRequest
from fincore.write.payments.operation_service import OperationService
from fincore.write.payments.staff_operation import AGREED, StaffOperationCommand
from fincore.write.staff.counted_refunds import CountedRefunds

_TRANSIENT: Final = frozenset({"charge_busy", "idempotency_key_in_use"})
"""Refusals of which a repetition may succeed."""


class ProposedRefund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a proposal `refund` is to do."""

    charge: ChargeId
    amount_minor: int
    refund_reason: RefundReason | None = None


class SecondPersonForRefund(NamedTuple):
    """A refund that one person may not make alone, and the sentence why."""

    sentence: str


class Allowance(NamedTuple):
    """What a person may refund alone in a currency, what counts for today, and why an amount needs a second person, if it does."""

    limit: OnePersonLimit | None
    used_today_minor: int
    second_person: str | None


class StaffRefunds:
    """Makes refunds of staff by the service that makes those of merchants; it carries out proposals `refund`, too."""

    def __init__(
        self,
        *,
        operations: OperationService,
        log: EventLog[ChargeEvent],
        counted: CountedRefunds,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._event_log = log
        self._counted = counted
        self._clock = clock

    async def load(self, charge_id: ChargeId) -> Charge | None:
        """The charge as the log tells it now, or None."""
        return fold(recorded.event for recorded in await self._event_log.load(stream_of(charge_id)))

    def refusal(self, charge: Charge, amount_minor: int) -> Refusal | None:
        """Why the charge takes no refund of this amount as it is, or None."""
        asked = request_refund(charge, new_refund_id(), amount_minor, self._clock.now())
        return asked if isinstance(asked, Refusal) else None

    async def allowance(self, staff: StaffActor, money: Money, *, livemode: bool) -> Allowance:
        """Whether the person may refund this amount alone as things stand; nothing is counted."""
        limit, today_minor = await self._counted.standing(staff, money.currency, livemode=livemode)
        over = over_limit(() if limit is None else (limit,), money, today_minor=today_minor)
        return Allowance(limit, today_minor, None if over is None else _sentence(over))

    async def refund(
        self, charge: Charge, staff: StaffActor, command: StaffOperationCommand
    ) -> Responded | Refused | SecondPersonForRefund:
        """Make a refund of one person, which names its amount, once for its key. Raises as `OperationService` does."""
        request = command.request
        if not isinstance(request, RefundRequest) or request.amount_minor is None:
            raise ValueError("a refund of staff names its amount")
        money = Money(request.amount_minor, charge.amount.currency)
        if charge.refund(command.given_refund_id) is None:
            if (refusal := self.refusal(charge, request.amount_minor)) is not None:
                # A request is refused for the reasons of requests only.
                return Refused(refusal.code, refusal.detail)  # type: ignore[arg-type]
            counted = await self._counted.count(staff, command.scoped_key, command.fingerprint, money)
            if counted == "key_reused":
                return Refused("idempotency_key_reused")
            if isinstance(counted, OverLimit):
                return SecondPersonForRefund(_sentence(counted))
        return await self._operations.carry_out(command)

    async def check(self, proposal: Proposal, agreed: StaffDecision) -> Impossible | None:
        """Why the charge takes no such refund as it is, or None."""
        act = _act_of(proposal)
        charge = await self.load(act.charge)
        if charge is None or agreed.agreement is None:
            return Impossible(f"the log has no charge {act.charge}")
        refusal = self.refusal(charge, act.amount_minor)
        return None if refusal is None else Impossible(refusal.detail)

    async def execute(self, proposal: Proposal, agreed: StaffDecision) -> Executed | Impossible:
        """Make the refund of a proposal, under an id that follows from it. Raises `NotNow`, and as `OperationService` does."""
        act = _act_of(proposal)
        charge = await self.load(act.charge)
        if charge is None or agreed.agreement is None:
            return Impossible(f"the log has no charge {act.charge}")
        responded = await self._operations.carry_out(
            StaffOperationCommand(
                merchant_id=charge.merchant_id,
                livemode=charge.livemode,
                actor=proposal.proposer.actor,
                by=proposal.proposer.username,
                reason=proposal.reason,
                agreement=agreed.agreement,
                request_id=RequestId(proposal.proposal_id),
                idempotency_key=proposal.proposal_id,
                fingerprint=sha256(proposal.proposal_id.encode()).digest(),
                charge_id=act.charge,
                request=RefundRequest(
                    charge=act.charge, amount_minor=act.amount_minor, reason=act.refund_reason
                ),
            )
        )
        if isinstance(responded, Refused):
            if responded.code in _TRANSIENT:
                raise NotNow(responded.code)
            return Impossible(responded.detail or responded.code)
        return Executed(staff_refund_id(act.charge, AGREED, proposal.proposal_id))

    async def made(self, proposal: Proposal, _: StaffDecision) -> Executed | None:
        """The refund that the log tells of for the proposal, or None. An act that cannot be read is of the same charge."""
        charge_id = ChargeId(proposal.object_id)
        refund_id = staff_refund_id(charge_id, AGREED, proposal.proposal_id)
        charge = await self.load(charge_id)
        return None if charge is None or charge.refund(refund_id) is None else Executed(refund_id)


def _act_of(proposal: Proposal) -> ProposedRefund:
    return msgspec.json.decode(proposal.act, type=ProposedRefund)


def _sentence(over: OverLimit) -> str:
    return f"{over_limit_sentence(over, 'refund')}: a second person has to agree"
