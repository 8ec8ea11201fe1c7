"""The payout's machine: from one snapshot to the next, with the money it takes and gives back. Pure.

pending -> in_transit -> paid; pending, in_transit, paid -> failed; pending -> canceled
"""

import hashlib
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.movements import DAY_SECONDS, Movement, paid_out, returned
from psp_sandbox.stripe.wire_payouts import Payout, PayoutStatus, TraceId

Step = Literal["cancel", "fail", "pay", "send"]
STEPS: dict[Step, dict[PayoutStatus, PayoutStatus]] = {
    "cancel": {"pending": "canceled"},
    "fail": {"pending": "failed", "in_transit": "failed", "paid": "failed"},
    "pay": {"pending": "paid", "in_transit": "paid"},
    "send": {"pending": "in_transit"},
}
"""Where each step leads from each status; from the others it cannot be taken. A bank may return what was paid."""

EVENT_TYPES: dict[PayoutStatus, str] = {
    "canceled": "payout.canceled",
    "failed": "payout.failed",
    "in_transit": "payout.updated",
    "paid": "payout.paid",
}

FailureCode = Literal[
    "account_closed",
    "account_frozen",
    "bank_account_restricted",
    "could_not_process",
    "debit_not_authorized",
    "declined",
    "insufficient_funds",
    "invalid_account_number",
    "no_account",
]
FAILURE_MESSAGES: dict[FailureCode, str] = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "bank_account_restricted": "The bank account has restrictions on the kind or the number of payouts.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on the bank account.",
    "declined": "The bank has declined this payout.",
    "insufficient_funds": "The account has too little money for this payout.",
    "invalid_account_number": "The account number of the bank account is not valid.",
    "no_account": "The bank account details are probably incorrect: no account was found.",
}


class ImpossiblePayoutStep(Exception):
    """The payout is not in a status from which this step can be taken."""


class PayoutTransition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The next snapshot, the movement it makes, the events to emit, and the effect to schedule."""

    payout: Payout
    movement: Movement | None = None
    events: tuple[NewEvent, ...]
    effect: Effect | None = None


class PayoutFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a step needs to know: the time in unix seconds, and a name for the movement if it makes one."""

    movement_id: str
    now: int
    failure_code: FailureCode = "could_not_process"


def create(
    payout_id: str, *, account: str, livemode: bool, amount: int, currency: str, facts: PayoutFacts
) -> PayoutTransition:
    """Pay out what has become available; a negative amount is taken from the bank account.

    It arrives the next day. Which movements it contains is known at once, which at Stripe takes some hours.
    """
    payout = Payout(
        id=payout_id,
        amount=amount,
        arrival_date=(facts.now // DAY_SECONDS + 1) * DAY_SECONDS,
        balance_transaction=facts.movement_id,
        created=facts.now,
        currency=currency,
        destination=_bank_account(account, currency),
        livemode=livemode,
    )
    known = replace(payout, reconciliation_status="completed")
    return PayoutTransition(
        payout=known,
        movement=paid_out(
            facts.movement_id, amount=amount, currency=currency, payout_id=payout_id, now=facts.now
        ),
        events=(
            NewEvent("payout.created", payout),
            NewEvent("payout.reconciliation_completed", known),
        ),
        effect=Effect(kind="pay_payout", object_id=payout_id),
    )


def take(step: Step, payout: Payout, facts: PayoutFacts) -> PayoutTransition:
    """The payout goes on. What failed or was canceled is on the balance again. Raises ImpossiblePayoutStep."""
    status = STEPS[step].get(payout.status)
    if status is None:
        raise ImpossiblePayoutStep(
            f"{payout.id} is {payout.status}; it would have to be {' or '.join(STEPS[step])}"
        )
    before: dict[str, Any] = {"status": payout.status}
    after = replace(payout, status=status)
    movement: Movement | None = None
    if step == "pay":
        before["trace_id"] = payout.trace_id
        after = replace(after, trace_id=TraceId(status="supported", value=_trace(payout.id)))
    if status in ("canceled", "failed"):
        if payout.trace_id.status == "pending":
            before["trace_id"] = payout.trace_id
            after = replace(after, trace_id=TraceId(status="unsupported"))
        before["failure_balance_transaction"] = None
        after = replace(after, failure_balance_transaction=facts.movement_id)
        movement = returned(
            "payout_cancel" if status == "canceled" else "payout_failure",
            facts.movement_id,
            amount=payout.amount,
            currency=payout.currency,
            payout_id=payout.id,
            now=facts.now,
        )
    if status == "failed":
        code = facts.failure_code
        before |= {"failure_code": None, "failure_message": None}
        after = replace(after, failure_code=code, failure_message=FAILURE_MESSAGES[code])
    return PayoutTransition(
        payout=after,
        movement=movement,
        events=(NewEvent(EVENT_TYPES[status], after, before),),
        effect=Effect(kind="pay_payout", object_id=payout.id) if status == "in_transit" else None,
    )


def _bank_account(account: str, currency: str) -> str:
    """The id of the bank account of one currency: always the same, as an account of one's own is."""
    digest = hashlib.blake2b(f"{account}:{currency}".encode(), digest_size=12).hexdigest()
    return f"ba_{digest.translate(_SPELLED)}"


def _trace(payout_id: str) -> str:
    """What the bank calls it: a digit, then ten digits and letters, drawn from the payout's own name."""
    return "0" + hashlib.blake2b(payout_id.encode(), digest_size=5).hexdigest().translate(_SPELLED).upper()


_SPELLED = str.maketrans("0123456789abcdef", "2Bc3DfGh5JkMn7Pq")
"""Mostly letters, so that no id looks like the number of a card."""
