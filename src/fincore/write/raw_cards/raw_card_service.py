"""Creates charges by card number: the key is looked up, the charge screened, the card made into tokens, then all is one Commit."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Final

import structlog

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent, ChargeFailed
from fincore.domain.ids import StreamId, charge_of, new_stream_id
from fincore.domain.job import Job
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import Declined, PspName, Retryable, Unknown
from fincore.domain.raw_card import RawCard, first_digits, instrument_of_card
from fincore.domain.risk import RiskAssessment
from fincore.domain.route_plan import PlannedAttempt
from fincore.eventstore.commit import StoredResponse
from fincore.write.payments.acceptance import ChargeCommand, accept, route_request
from fincore.write.payments.assessed_once import AssessedOnce
from fincore.write.payments.idempotent_requests import (
    Decision,
    FindResponse,
    IdempotentRequests,
    Refused,
    Responded,
)
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.payment_service import Render
from fincore.write.payments.recorded_line import EndedAtOnce
from fincore.write.payments.risk_request import events_of
from fincore.write.psp.card_tokeniser import CardTokeniser
from fincore.write.psp.limits import PspLimits
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.raw_cards.tokenised_plan import OFFERED, RefusedCard, Tokenised, tokenised_plan
from fincore.write.risk.engine import RiskEngine
from fincore.write.routing.router import NoRoute, Router

_log = structlog.get_logger(__name__)

NO_ENGINE: Final = "no_engine"
_BUSY: Final = Refused("charge_busy")
_NOT_TOKENISED: Final = Refused("card_not_tokenised")


class RawCardService:
    """Takes charges in by card number. `tokenisers` are those of the PSPs that make a token of a card without taking money.

    `count_refused` is given a charge as it was accepted, and its events, where a PSP refused its card: no worker counts that outcome.
    """

    def __init__(
        self,
        *,
        requests: IdempotentRequests[LogEvent],
        outcomes: OutcomeWait[Charge],
        find_response: FindResponse,
        clock: Clock,
        router: Router,
        risk: RiskEngine,
        limits: Mapping[PspName, PspLimits],
        tokenisers: Mapping[PspName, CardTokeniser],
        number_hmac: NumberHmac,
        render: Render,
        count_refused: Callable[[Charge, Sequence[ChargeEvent]], None],
    ) -> None:
        self._count_refused = count_refused
        self._requests = requests
        self._outcomes = outcomes
        self._find_response = find_response
        self._clock = clock
        self._router = router
        self._risk = risk
        self._limits = limits
        self._tokenisers = tokenisers
        self._hmac = number_hmac
        self._render = render

    async def charge(
        self, command: ChargeCommand, card: RawCard, *, screened: Callable[[str], None]
    ) -> Responded | Refused:
        """Create a charge, or return the response that its idempotency key got before. The command names no payment method.

        `screened` is told what screened the charge, where it came that far. Raises `Overloaded` and `StoreUnavailable`: nothing
        can be said then, and the same request with the same key may be repeated, as after `card_not_tokenised`.
        """
        once = AssessedOnce(self._risk, self._limits)
        ended = EndedAtOnce(self._count_where_refused)

        async def decide() -> Decision[Charge, ChargeEvent] | Refused | StoredResponse:
            decision = await self._new_charge(command, card, once, screened)
            if isinstance(decision, Decision):
                ended.decided(charge_of(decision.stream_id), decision.state, decision.events)
            return decision

        responded = await self._requests.respond(command, decide, self._outcomes, busy=_BUSY)
        ended.tell(responded)
        return responded

    def _count_where_refused(self, charge: Charge, events: Sequence[ChargeEvent]) -> None:
        # What the rules block went to no PSP.
        if charge.failure is not None and charge.failure.code != "blocked_by_risk":
            before = reduce(evolve, events[1:-1], evolve(None, events[0]))
            self._count_refused(before, events)

    async def _new_charge(
        self,
        command: ChargeCommand,
        card: RawCard,
        once: AssessedOnce,
        screened: Callable[[str], None],
    ) -> Decision[Charge, ChargeEvent] | Refused | StoredResponse:
        stored = await self._find_response(command.scoped_key)
        if stored is not None:
            return stored
        instrument = instrument_of_card(card)
        stream_id = new_stream_id()
        charge_id = charge_of(stream_id)
        plan = self._router.route(route_request(command, charge_id, OFFERED))
        if isinstance(plan, NoRoute):
            return Refused(plan.code, plan.detail)
        asked, _ = accept(command, charge_id, plan, self._clock.now())
        assessment = await once.assess(
            charge_id,
            asked,
            command.scoped_key,
            instrument=instrument,
            first_digits=first_digits(card.number.reveal()),
            number_hmac=self._hmac.counted_of(card.number),
        )
        screened(screened_by(assessment))
        now = self._clock.now()
        if assessment is not None and assessment.decision == "block":
            # No PSP sees the card.
            return self._decision(
                command, stream_id, (asked, *events_of(assessment, now, instrument=instrument)), ()
            )
        made = await asyncio.gather(*(self._tokenise(attempt, card) for attempt in plan.attempts))
        known = tokenised_plan(plan, made)
        if known is None:
            return _NOT_TOKENISED
        refused = known.declined if isinstance(known, RefusedCard) else None
        created, job = accept(
            command, charge_id, known.plan if isinstance(known, RefusedCard) else known, self._clock.now()
        )
        events = (created, *events_of(assessment, now))
        if refused is None:
            return self._decision(command, stream_id, events, (job,))
        failed = ChargeFailed(
            code=refused.failure.code,
            message=refused.failure.message,
            advice=refused.failure.advice,
            decline_code=refused.failure.decline_code,
            occurred_at=refused.occurred_at,
            instrument=instrument,
        )
        return self._decision(command, stream_id, (*events, failed), ())

    def _decision(
        self,
        command: ChargeCommand,
        stream_id: StreamId,
        events: tuple[ChargeEvent, ...],
        jobs: tuple[Job, ...],
    ) -> Decision[Charge, ChargeEvent]:
        charge_id = charge_of(stream_id)
        return Decision(
            stream_id=stream_id,
            expected_version=0,
            events=events,
            jobs=jobs,
            state=reduce(evolve, events[1:], evolve(None, events[0])),
            show=lambda charge: self._render(charge_id, charge, command.request_id),
            is_final=lambda charge: charge.status != "processing",
        )

    async def _tokenise(self, attempt: PlannedAttempt, card: RawCard) -> Tokenised:
        tokeniser = self._tokenisers.get(attempt.psp)
        if tokeniser is None:
            return None
        made = await tokeniser.tokenise(attempt.psp_account, card)
        match made:
            case Retryable(reason=reason) | Unknown(reason=reason):
                _log.warning("raw_cards.not_tokenised", account=attempt.psp_account, reason=reason)
            case Declined(failure=failure):
                _log.info("raw_cards.refused", account=attempt.psp_account, code=failure.code)
            case _:
                pass
        return made


def screened_by(assessment: RiskAssessment | None) -> str:
    """What looked at a charge before its card went to a PSP, for the record of the request."""
    return NO_ENGINE if assessment is None else f"risk_rules_{assessment.rules_version}"
