"""Movements of the balance: what is kept of each, and the balance transaction it is shown as. Pure."""

from typing import Literal

import msgspec

from psp_sandbox.stripe.fees import charge_fee, dispute_fee
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_balance import BalanceTransaction, FeeDetail, MovementType
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_payouts import Payout
from psp_sandbox.stripe.wire_refunds import Refund

DAY_SECONDS = 24 * 3_600
DAYS_UNTIL_AVAILABLE = 2
Move = Literal["refund", "refund_failure", "reinstatement", "withdrawal"]
MOVES: dict[Move, tuple[int, MovementType, str]] = {
    "refund": (-1, "refund", "REFUND FOR CHARGE ({charge})"),
    "refund_failure": (1, "refund_failure", "REFUND FAILURE FOR CHARGE ({charge})"),
    "reinstatement": (1, "adjustment", "Chargeback reversal for {charge}"),
    "withdrawal": (-1, "adjustment", "Chargeback withdrawal for {charge}"),
}
"""What happens after the charge: which way the money goes, as what, and its description. It moves at once.

No charge's fee is given back with a refund, and no dispute's fee when the money is reinstated.
"""
CATEGORIES: dict[MovementType, str] = {
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
}
"""The reporting categories that have another name than the type (docs.stripe.com/reports/reporting-categories)."""
FEE_NAMES = {"adjustment": "Dispute fee", "charge": "Stripe processing fees"}


class Movement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of the balance, in minor units. `source` is the charge, refund, dispute or payout it comes from, None of a fee of the account.

    `payout` is the payout that contains it; what no payout contains is the balance. `exchange_rate` is the one at which it was converted.

    Small, because there is one for every payment of a load test; the rest is computed when it is shown.
    """

    id: str
    amount: int
    available_on: int
    created: int
    currency: str
    description: str | None
    fee: int
    source: str | None
    type: MovementType
    payout: str | None = None
    exchange_rate: float | None = None


def charged(
    movement_id: str,
    *,
    amount: int,
    currency: str,
    source: str,
    description: str | None,
    now: int,
    at_once: bool,
) -> Movement:
    """Money taken from a card. It becomes available at midnight UTC two days later, or `at_once`."""
    midnight = (now // DAY_SECONDS + DAYS_UNTIL_AVAILABLE) * DAY_SECONDS
    return Movement(
        id=movement_id,
        amount=amount,
        available_on=now if at_once else midnight,
        created=now,
        currency=currency,
        description=description,
        fee=charge_fee(amount, currency),
        source=source,
        type="charge",
    )


def moved(move: Move, movement_id: str, *, amount: int, charge: Charge, source: str, now: int) -> Movement:
    """A refund's or a dispute's money. `amount` is positive; the move says which way it goes."""
    sign, kind, text = MOVES[move]
    return Movement(
        id=movement_id,
        amount=sign * amount,
        available_on=now,
        created=now,
        currency=charge.currency,
        description=text.format(charge=charge.id),
        fee=dispute_fee(charge.currency) if move == "withdrawal" else 0,
        source=source,
        type=kind,
    )


def account_fee(movement_id: str, *, amount: int, currency: str, now: int) -> Movement:
    """A fee of `amount` for the account as a whole. It is an amount of its own, not the fee of another one."""
    return Movement(
        id=movement_id,
        amount=-amount,
        available_on=now,
        created=now,
        currency=currency,
        description="Billing - Usage Fee",
        fee=0,
        source=None,
        type="stripe_fee",
    )


def paid_out(movement_id: str, *, amount: int, currency: str, payout_id: str, now: int) -> Movement:
    """A payout of `amount` leaves the balance, and is part of itself; a negative one is money that comes in."""
    return Movement(
        id=movement_id,
        amount=-amount,
        available_on=now,
        created=now,
        currency=currency,
        description="STRIPE PAYOUT",
        fee=0,
        source=payout_id,
        type="payout",
        payout=payout_id,
    )


def returned(
    kind: Literal["payout_cancel", "payout_failure"],
    movement_id: str,
    *,
    amount: int,
    currency: str,
    payout_id: str,
    now: int,
) -> Movement:
    """A payout of `amount` did not reach the bank account: it is on the balance again, for the next one."""
    return Movement(
        id=movement_id,
        amount=amount,
        available_on=now,
        created=now,
        currency=currency,
        description="STRIPE PAYOUT CANCEL" if kind == "payout_cancel" else "STRIPE PAYOUT FAILURE",
        fee=0,
        source=payout_id,
        type=kind,
    )


def shown(movement: Movement, *, now: int) -> BalanceTransaction:
    """The movement as Stripe shows it at this moment."""
    details: tuple[FeeDetail, ...] = ()
    if movement.fee:
        name = FEE_NAMES[movement.type]
        details = (FeeDetail(amount=movement.fee, currency=movement.currency, description=name),)
    return BalanceTransaction(
        id=movement.id,
        amount=movement.amount,
        available_on=movement.available_on,
        created=movement.created,
        currency=movement.currency,
        description=movement.description,
        exchange_rate=movement.exchange_rate,
        fee=movement.fee,
        fee_details=details,
        net=movement.amount - movement.fee,
        reporting_category=category(movement),
        source=movement.source,
        status="available" if movement.available_on <= now else "pending",
        type=movement.type,
    )


def category(movement: Movement) -> str:
    """What reports call the movement. Adjustments are disputes here: money that leaves, or that comes back."""
    if movement.type == "adjustment":
        return "dispute" if movement.amount < 0 else "dispute_reversal"
    return CATEGORIES.get(movement.type, movement.type)


def movement_ids(source: msgspec.Struct | None) -> list[str]:
    """What an object did to the balance, oldest first. They are named in the source itself, so that movements need no index."""
    named: tuple[object, ...] = ()
    match source:
        case Charge():
            named = (source.balance_transaction,)
        case Refund():
            named = (source.balance_transaction, source.failure_balance_transaction)
        case Dispute():
            named = tuple(transaction.id for transaction in source.balance_transactions)
        case Payout():
            named = (source.balance_transaction, source.failure_balance_transaction)
    return [movement_id for movement_id in named if isinstance(movement_id, str)]
