"""/staff/v1/merchants/{merchant_id}/fee_plans, /origins and /raw_cards: what was agreed with a merchant."""

from collections.abc import Mapping
from typing import Final

import msgspec

from fincore.backoffice.merchants import (
    NoSuchOrigin,
    add_origin,
    list_fee_plans,
    list_origins,
    list_raw_card_decisions,
    remove_origin,
)
from fincore.backoffice.proposed_agreements import ProposedFeePlan, ProposedRawCards, latest_plan
from fincore.domain.clock import Clock
from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import MerchantId
from fincore.domain.proposal import ProposalKind
from fincore.eventstore.idempotent_changes import Transaction
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.http.problems import Problem
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.person import Mode
from fincore.staff.acting import Deed, Made, Reasoned, StaffActs, read_act
from fincore.staff.merchants.agreements import Agreements, agreements_in
from fincore.staff.merchants.body import (
    StaffFeePlanList,
    StaffOriginBody,
    StaffOriginList,
    StaffRawCardDecisionList,
    mode_word,
    render_decision,
    render_origin,
    render_plan,
)
from fincore.staff.merchants.openapi import (
    ADD_ORIGIN,
    DECIDE_RAW_CARDS,
    LIST_ORIGINS,
    LIST_PLANS,
    LIST_RAW_CARDS,
    REMOVE_ORIGIN,
    SET_PLAN,
)
from fincore.staff.merchants.requests import CHANGE_ORIGIN
from fincore.staff.merchants.requests import DECIDE_RAW_CARDS as READ_DECISION
from fincore.staff.merchants.requests import SET_PLAN as READ_PLAN
from fincore.staff.merchants.seen_merchant import modes_seen, not_found, require, seen_merchant
from fincore.staff.proposing import Proposing
from fincore.write.merchants.fee_plans import FeePlanNotUsable, check_fee_plan
from fincore.write.merchants.merchants import UnknownMerchant
from fincore.write.merchants.origin import OriginNotUsable
from fincore.write.merchants.origins import OriginBusy, TooManyOrigins
from fincore.write.merchants.raw_card_decisions import RawCardsBusy
from fincore.write.staff.act_names import ActName
from fincore.write.staff.proposals import NewProposal

_BECAUSE: Final[Mapping[ProposalKind, str]] = {
    "fee_plan": "a fee plan says what the platform earns from each charge",
    "raw_cards": "card numbers bring the merchant and this installation into the scope of PCI DSS SAQ D",
}
_RETRY: Final = (("retry-after", "1"),)


class AgreementHandlers:
    """The handlers of fee plans, origins and raw cards."""

    def __init__(
        self,
        admission: Admission,
        acts: StaffActs,
        proposing: Proposing,
        agreements: Agreements,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._acts = acts
        self._proposing = proposing
        self._agreements = agreements
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        route, one = self._admission.route, "/staff/v1/merchants/{merchant_id}"
        plans, origins, raw_cards = f"{one}/fee_plans", f"{one}/origins", f"{one}/raw_cards"
        return (
            route("GET", plans, LIST_PLANS, self.list_plans, permission="merchants.read"),
            route("POST", plans, SET_PLAN, self.set_plan, permission="merchants.manage"),
            route("GET", origins, LIST_ORIGINS, self.list_origins, permission="merchants.read"),
            route("POST", origins, ADD_ORIGIN, self.add_origin, permission="merchants.manage"),
            route(
                "POST", f"{origins}/remove", REMOVE_ORIGIN, self.remove_origin, permission="merchants.manage"
            ),
            route("GET", raw_cards, LIST_RAW_CARDS, self.list_raw_cards, permission="merchants.read"),
            route("POST", raw_cards, DECIDE_RAW_CARDS, self.decide_raw_cards, permission="merchants.manage"),
        )

    async def list_plans(self, call: Call, visit: Visit) -> Response:
        """Every fee plan of a merchant."""
        merchant_id = seen_merchant(call, visit)
        try:
            found = await list_fee_plans(self._agreements.merchants, self._agreements.fee_plans, merchant_id)
        except UnknownMerchant:
            raise not_found() from None
        return json_response(200, StaffFeePlanList(data=[render_plan(one) for one in found]))

    async def set_plan(self, call: Call, visit: Visit) -> Response:
        """Propose that a fee plan count."""
        merchant_id = seen_merchant(call, visit)
        request = await read_act(call, READ_PLAN)
        # A plan counts in both modes: it is live money that needs the permission.
        require(visit, merchant_id, "live")
        if request.currency not in EXPONENTS:
            raise Problem("currency_unknown", param="currency")
        currency = Currency(request.currency)
        plan = FeePlan(basis_points=request.basis_points, fixed_minor=request.fixed_minor)

        async def prepare() -> NewProposal:
            try:
                check_fee_plan(plan)
                plans = await list_fee_plans(
                    self._agreements.merchants, self._agreements.fee_plans, merchant_id
                )
            except UnknownMerchant:
                raise not_found() from None
            except FeePlanNotUsable as refused:
                raise Problem("field_invalid", f"Not proposed: {refused}.", param="basis_points") from None
            act = ProposedFeePlan(
                merchant_id=merchant_id,
                plan_currency=currency,
                basis_points=plan.basis_points,
                fixed_minor=plan.fixed_minor,
                replaces_plan=latest_plan(plans, currency),
            )
            return _proposal(visit, merchant_id, "fee_plan", act, request)

        deed = _deed(
            "set_fee_plan",
            merchant_id,
            "live",
            currency=currency,
            basis_points=plan.basis_points,
            fixed_minor=plan.fixed_minor,
        )
        return await self._acts.carry_out(
            call, visit, request, deed, self._proposing.carry_of(call, request, prepare)
        )

    async def list_origins(self, call: Call, visit: Visit) -> Response:
        """The origins of a merchant."""
        merchant_id = seen_merchant(call, visit)
        modes = set(modes_seen(visit, merchant_id))
        try:
            found = await list_origins(self._agreements.merchants, self._agreements.origins, merchant_id)
        except UnknownMerchant:
            raise not_found() from None
        shown = [render_origin(one) for one in found if mode_word(livemode=one.livemode) in modes]
        return json_response(200, StaffOriginList(data=shown))

    async def add_origin(self, call: Call, visit: Visit) -> Response:
        """Register an origin."""
        merchant_id = seen_merchant(call, visit)
        request = await read_act(call, CHANGE_ORIGIN)
        require(visit, merchant_id, request.mode)
        livemode = request.mode == "live"

        async def make(transaction: Transaction) -> Made:
            origins = agreements_in(transaction, self._clock).origins
            try:
                origin, _ = await add_origin(origins, merchant_id, request.origin, livemode=livemode)
            except UnknownMerchant:
                raise not_found() from None
            except OriginNotUsable as refused:
                raise Problem("field_invalid", f"Not registered: {refused}.", param="origin") from None
            except TooManyOrigins:
                raise Problem("origins_too_many", param="origin") from None
            except OriginBusy:
                raise Problem("overloaded", headers=_RETRY) from None
            (added,) = [
                one
                for one in await origins.list(merchant_id)
                if (one.origin, one.livemode) == (origin, livemode)
            ]
            deed = _deed("add_origin", merchant_id, request.mode, origin=origin)
            return Made(json_response(200, render_origin(added)), deed)

        return await self._acts.change(call, visit, request, make, livemode=livemode)

    async def remove_origin(self, call: Call, visit: Visit) -> Response:
        """Take an origin out."""
        merchant_id = seen_merchant(call, visit)
        request = await read_act(call, CHANGE_ORIGIN)
        require(visit, merchant_id, request.mode)
        livemode = request.mode == "live"

        async def make(transaction: Transaction) -> Made:
            origins = agreements_in(transaction, self._clock).origins
            try:
                origin = await remove_origin(origins, merchant_id, request.origin, livemode=livemode)
            except OriginNotUsable as refused:
                raise Problem("field_invalid", f"Not removed: {refused}.", param="origin") from None
            except NoSuchOrigin:
                raise Problem("origin_not_found", param="origin") from None
            body = StaffOriginBody(origin=origin, mode=request.mode, added_at=None)
            deed = _deed("remove_origin", merchant_id, request.mode, origin=origin)
            return Made(json_response(200, body), deed)

        return await self._acts.change(call, visit, request, make, livemode=livemode)

    async def list_raw_cards(self, call: Call, visit: Visit) -> Response:
        """Every decision about a merchant's card numbers."""
        merchant_id = seen_merchant(call, visit)
        modes = set(modes_seen(visit, merchant_id))
        try:
            found = await list_raw_card_decisions(
                self._agreements.merchants, self._agreements.raw_cards, merchant_id
            )
        except UnknownMerchant:
            raise not_found() from None
        shown = [render_decision(one) for one in found if mode_word(livemode=one.livemode) in modes]
        return json_response(200, StaffRawCardDecisionList(data=shown))

    async def decide_raw_cards(self, call: Call, visit: Visit) -> Response:
        """Let a merchant send card numbers, or no longer."""
        merchant_id = seen_merchant(call, visit)
        request = await read_act(call, READ_DECISION)
        require(visit, merchant_id, request.mode)
        livemode = request.mode == "live"

        action: ActName = "enable_raw_cards" if request.is_enabled else "disable_raw_cards"
        deed = _deed(action, merchant_id, request.mode)
        if livemode and request.is_enabled:

            async def prepare() -> NewProposal:
                if await self._agreements.merchants.find(merchant_id) is None:
                    raise not_found()
                act = ProposedRawCards(merchant_id=merchant_id)
                return _proposal(visit, merchant_id, "raw_cards", act, request)

            return await self._acts.carry_out(
                call, visit, request, deed, self._proposing.carry_of(call, request, prepare)
            )

        async def make(transaction: Transaction) -> Made:
            raw_cards = agreements_in(transaction, self._clock).raw_cards
            try:
                await raw_cards.add(
                    merchant_id,
                    livemode=livemode,
                    is_enabled=request.is_enabled,
                    by=visit.person.username,
                    reason=request.reason,
                )
            except UnknownMerchant:
                raise not_found() from None
            except RawCardsBusy:
                raise Problem("overloaded", headers=_RETRY) from None
            *_, decided = [one for one in await raw_cards.list(merchant_id) if one.livemode == livemode]
            return Made(json_response(200, render_decision(decided)), deed)

        return await self._acts.change(call, visit, request, make, livemode=livemode)


def _proposal(
    visit: Visit, merchant_id: MerchantId, kind: ProposalKind, act: msgspec.Struct, request: Reasoned
) -> NewProposal:
    return NewProposal(
        kind=kind,
        livemode=True,
        merchant_id=merchant_id,
        object_id=merchant_id,
        money=None,
        act=act,
        proposer=visit.person.actor,
        reason=request.reason,
        needed_because=_BECAUSE[kind],
    )


def _deed(action: ActName, merchant_id: MerchantId, mode: Mode | None, **details: str | int) -> Deed:
    return Deed(
        action=action,
        object_kind="merchant",
        object_id=merchant_id,
        livemode=None if mode is None else mode == "live",
        merchant_id=merchant_id,
        details=details,
    )
