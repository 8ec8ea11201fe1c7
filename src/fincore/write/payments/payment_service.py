"""Creates charges."""

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Final, Literal, get_args

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, RequestId, charge_of, new_stream_id
from fincore.domain.outcome import PspName
from fincore.domain.return_page import new_word, return_page
from fincore.eventstore.commit import RenderedResponse, StoredResponse
from fincore.write.payments.acceptance import ChargeCommand, accept, needs_page, route_request
from fincore.write.payments.assessed_once import AssessedOnce
from fincore.write.payments.charge_request import choices_of, method_param
from fincore.write.payments.idempotent_requests import (
    Decision,
    FindResponse,
    IdempotentRequests,
    Refused,
    Responded,
)
from fincore.write.payments.kept_card_check import KeptCardLookup, kept_card_refusal
from fincore.write.payments.metrics import CHARGE_REQUESTS
from fincore.write.payments.outcome_wait import OutcomeWait
from fincore.write.payments.recorded_line import EndedAtOnce
from fincore.write.payments.risk_request import events_of
from fincore.write.psp.limits import PspLimits
from fincore.write.risk.engine import RiskEngine
from fincore.write.routing.router import NoRoute, Router

Result = Literal[
    "accepted",
    "replayed",
    "account_unknown",
    "amount_not_expressible",
    "amount_too_large",
    "amount_too_small",
    "card_deleted",
    "card_not_found",
    "currency_not_supported",
    "idempotency_key_reused",
    "idempotency_key_in_use",
    "payment_method_not_taken",
    "psp_not_configured",
    "raw_cards_not_enabled",
    "vault_not_configured",
]
_BUSY: Final = Refused("charge_busy")
_COUNTERS: Final = {result: CHARGE_REQUESTS.labels(result) for result in get_args(Result)}

Render = Callable[[ChargeId, Charge, RequestId], RenderedResponse]
"""How a charge is shown to the merchant that created it; for a failed one, the response to a client that waited."""


class PaymentService:
    """Takes charges in. `router` decides which accounts may carry a charge, `risk` whether it may be made.

    `limits` are of each PSP that the router knows; `find_response` tells what a key got, also in another process.

    `public_url` is where customers reach this installation. Without it a wallet's PSP sends them to the merchant directly.
    Without `kept_cards` no kept card is charged.
    """

    def __init__(
        self,
        *,
        requests: IdempotentRequests[ChargeEvent],
        outcomes: OutcomeWait[Charge],
        clock: Clock,
        router: Router,
        risk: RiskEngine,
        limits: Mapping[PspName, PspLimits],
        find_response: FindResponse,
        render: Render,
        public_url: str | None = None,
        kept_cards: KeptCardLookup | None = None,
    ) -> None:
        self._requests = requests
        self._outcomes = outcomes
        self._clock = clock
        self._router = router
        self._risk = risk
        self._limits = limits
        self._find_response = find_response
        self._render = render
        self._public_url = public_url
        self._kept_cards = kept_cards

    async def charge(self, command: ChargeCommand) -> Responded | Refused:
        """Create a charge, or return the response that its idempotency key got before.

        Raises `Overloaded` and `StoreUnavailable`: nothing can be said then, and the same request with the same key
        may be repeated.
        """
        ended = EndedAtOnce()
        decide = partial(self._new_charge, command, AssessedOnce(self._risk, self._limits), ended)
        responded = await self._requests.respond(command, decide, self._outcomes, busy=_BUSY)
        ended.tell(responded)
        _COUNTERS[_result_of(responded)].inc()
        return responded

    async def _new_charge(
        self, command: ChargeCommand, once: AssessedOnce, ended: EndedAtOnce
    ) -> Decision[Charge, ChargeEvent] | StoredResponse | Refused:
        if self._risk.is_active:
            # What is repeated is no further attempt. Without rules the Commit alone finds that out.
            stored = await self._find_response(command.scoped_key)
            if stored is not None:
                return stored
        offered = choices_of(command.request)
        refused = await kept_card_refusal(self._kept_cards, command, offered)
        if refused is not None:
            return refused
        stream_id = new_stream_id()
        charge_id = charge_of(stream_id)
        plan = self._router.route(route_request(command, charge_id, offered))
        if isinstance(plan, NoRoute):
            param = None if plan.offered is None else f"{method_param(command.request, plan.offered)}.account"
            return Refused(plan.code, plan.detail, param)
        own_page = None
        if self._public_url is not None and needs_page(command.request, plan):
            own_page = return_page(self._public_url, charge_id, new_word())
        created, job = accept(command, charge_id, plan, self._clock.now(), own_page=own_page)
        assessment = await once.assess(charge_id, created, command.scoped_key)
        events = (created, *(events_of(assessment, self._clock.now()) if assessment else ()))
        state = reduce(evolve, events[1:], evolve(None, created))
        ended.decided(charge_id, state, events)
        return Decision(
            stream_id=stream_id,
            expected_version=0,
            events=events,
            jobs=() if state.status == "failed" else (job,),
            state=state,
            show=lambda charge: self._render(charge_id, charge, command.request_id),
            is_final=lambda charge: charge.status != "processing",
        )


def _result_of(responded: Responded | Refused) -> str:
    if isinstance(responded, Refused):
        return responded.code
    return "replayed" if responded.is_replay else "accepted"
