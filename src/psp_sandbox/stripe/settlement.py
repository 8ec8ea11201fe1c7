"""The end of a settlement day: what is on the balance of an account, in one currency, becomes a payout. On demand, like all of /sandbox/."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.stripe import payout_machine
from psp_sandbox.stripe.currencies import MAX_AMOUNT, SUPPORTED
from psp_sandbox.stripe.falsification import Falsification
from psp_sandbox.stripe.movements import Movement, account_fee, shown
from psp_sandbox.stripe.payout_machine import FailureCode, ImpossiblePayoutStep, PayoutFacts, Step
from psp_sandbox.stripe.payout_store import StoredPayout
from psp_sandbox.stripe.settlement_currency import SettlementCurrency
from psp_sandbox.stripe.store import NO_REQUEST, Caller, Store
from psp_sandbox.stripe.wire_payouts import Payout

Operation = Callable[[Store, Request, str], Response]


class DayOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/settlement_days. All accounts and currencies, unless one is named: the account by the id of a payment intent.

    `include_pending`: what would become available later is available with the cut; otherwise it waits for its time.
    """

    payment_intent: str | None = None
    currency: str | None = None
    include_pending: bool = True


class FeeOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/account_fees, in minor units, of the account that made a payment intent."""

    payment_intent: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]
    currency: str


class FailureOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/payouts/{id}/fail."""

    code: FailureCode = "could_not_process"


def cut_day(store: Store, request: Request, _named: str) -> Response:
    """POST /sandbox/settlement_days: the payouts that were made, one for each account and currency. A sum of nothing is not paid out."""
    order = msgspec.json.decode(request.body or b"{}", type=DayOrder)
    only = None if order.payment_intent is None else _caller_of(store, order.payment_intent).account
    due: dict[tuple[str, str], list[Movement]] = {}
    for account, movement in store.movements.all():
        if only not in (None, account) or order.currency not in (None, movement.currency):
            continue
        if movement.payout is None and (order.include_pending or movement.available_on <= store.now()):
            due.setdefault((account, movement.currency), []).append(movement)
    made = [_pay_out(store, account, movements) for (account, _), movements in sorted(due.items())]
    return Response(status=201, payload={"data": [payout for payout in made if payout is not None]})


def _pay_out(store: Store, account: str, movements: list[Movement]) -> Payout | None:
    amount = sum(movement.amount - movement.fee for movement in movements)
    if amount == 0:
        return None
    caller = store.caller_of(account)
    transition = payout_machine.create(
        new_id("po"),
        account=account,
        livemode=caller.livemode,
        amount=amount,
        currency=movements[0].currency,
        facts=_facts(store),
    )
    payout = transition.payout
    for movement in movements:
        available_on = min(movement.available_on, store.now())
        store.movements.replace(movement.id, replace(movement, payout=payout.id, available_on=available_on))
    contained = tuple(movement.id for movement in movements)
    store.payouts.add(account, StoredPayout(payout=payout, movement_ids=contained))
    store.apply_to_payout(caller, transition)
    return payout


def charge_account_fee(store: Store, request: Request, _named: str) -> Response:
    """POST /sandbox/account_fees: what Stripe bills the account for, apart from any payment."""
    order = msgspec.json.decode(request.body, type=FeeOrder)
    if order.currency not in SUPPORTED:
        raise Misdirected(400, f"there is no currency {order.currency}")
    caller = _caller_of(store, order.payment_intent)
    fee = account_fee(new_id("txn"), amount=order.amount, currency=order.currency, now=store.now())
    store.move(caller, fee)
    return Response(status=201, payload=shown(fee, now=store.now()))


def list_payouts(store: Store, _request: Request, _named: str) -> Response:
    """GET /sandbox/payouts: every one with its account, oldest first."""
    rows = [msgspec.to_builtins(payout) | {"account": account} for account, payout in store.payouts.all()]
    return Response(payload={"data": rows, "complete": True})


def move(step: Step) -> Operation:
    """The operation that moves a payout in one way, now."""

    def moved(store: Store, request: Request, payout_id: str) -> Response:
        order = FailureOrder()
        if step == "fail":
            order = msgspec.json.decode(request.body or b"{}", type=FailureOrder)
        account, stored = _stored(store, payout_id)
        try:
            transition = payout_machine.take(step, stored.payout, _facts(store, order.code))
        except ImpossiblePayoutStep as error:
            raise Misdirected(409, str(error)) from error
        store.apply_to_payout(store.caller_of(account), transition)
        return Response(payload=transition.payout)

    return moved


def falsify(store: Store, request: Request, payout_id: str) -> Response:
    """POST /sandbox/payouts/{id}/falsify: every report about the payout that is finished from now on is false in this way."""
    account, stored = _stored(store, payout_id)
    order = msgspec.json.decode(request.body, type=Falsification)
    rows = len(stored.movement_ids)
    if order.row > rows:
        raise Misdirected(400, f"row must be between 1 and {rows}")
    store.payouts.falsify(account, payout_id, order)
    return Response(status=201, payload=order)


def stop_falsifying(store: Store, _request: Request, payout_id: str) -> Response:
    """DELETE /sandbox/payouts/{id}/falsify: later reports are right."""
    account, stored = _stored(store, payout_id)
    store.payouts.falsify(account, payout_id, None)
    return Response(payload=stored.payout)


def _caller_of(store: Store, intent_id: str) -> Caller:
    """The account that made a payment intent."""
    account = store.intents.account_of(intent_id)
    intent = None if account is None else store.intents.get(account, intent_id)
    if account is None or intent is None:
        raise Misdirected(404, f"no payment intent {intent_id}")
    return Caller(account=account, livemode=intent.livemode, request=NO_REQUEST)


def _stored(store: Store, payout_id: str) -> tuple[str, StoredPayout]:
    account = store.payouts.account_of(payout_id)
    stored = None if account is None else store.payouts.get(account, payout_id)
    if account is None or stored is None:
        raise Misdirected(404, f"no payout {payout_id}")
    return account, stored


def _facts(store: Store, code: FailureCode = "could_not_process") -> PayoutFacts:
    return PayoutFacts(movement_id=new_id("txn"), now=store.now(), failure_code=code)


def settle_in(store: Store, request: Request, _named: str) -> Response:
    """POST /sandbox/settlement_currency: payments of other currencies move that one from now on."""
    order = msgspec.json.decode(request.body, type=SettlementCurrency)
    unknown = {order.currency, *order.rates} - SUPPORTED
    if unknown:
        raise Misdirected(400, f"there is no currency {min(unknown)}")
    if order.currency in order.rates:
        raise Misdirected(400, f"{order.currency} is settled in itself; leave its rate out")
    store.settles = order if order.rates else None
    return Response(status=201, payload=order)


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "payouts"): list_payouts,
    ("POST", "settlement_days"): cut_day,
    ("POST", "account_fees"): charge_account_fee,
    ("POST", "settlement_currency"): settle_in,
    ("POST", "payouts/falsify"): falsify,
    ("DELETE", "payouts/falsify"): stop_falsifying,
    **{("POST", f"payouts/{step}"): move(step) for step in payout_machine.STEPS},
}
"""Method and path below /sandbox/, without the id in the middle."""
