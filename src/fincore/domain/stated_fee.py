"""The fee of a capture as a settlement file states it: believed where the charge, or the abandoned attempt, has none, for the payment and account it names. Pure."""

from datetime import datetime
from typing import Final
from uuid import uuid5

import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.charge import Charge
from fincore.domain.events import AttemptFeeAssessed, FeeAssessed
from fincore.domain.ids import EventId, StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference

SETTLED_PER_FEE_MIN: Final = 2
"""What came in must be at least so many times the fee. The fixed part of a fee is much of a small payment; above half of it, a person
looks at the line."""


class StatedFee(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one payment say together; `references` is how they name it.

    `taken` is the amount in the charge's currency, `settled` the same as it moved the balance at the PSP, and `fee` what the PSP kept
    of that, positive and in the same currency.
    """

    psp: PspName
    psp_account: PspAccount
    livemode: bool
    references: frozenset[PspReference]
    taken: Money
    settled: Money
    fee: Money
    occurred_at: datetime


def fee_stated(charge: Charge, stated: StatedFee) -> tuple[FeeAssessed | AttemptFeeAssessed, ...]:
    """The event that a charge, or an attempt of it, has the fee that a file states; none where it has one, or the file cannot be about it.

    The file is of the account that took the payment, every name in it is one of the payment, its amount is what was captured, and the
    fee is no more than half of what came in.
    """
    is_possible = (
        stated.fee.currency == stated.settled.currency
        and 0 < stated.fee.amount_minor * SETTLED_PER_FEE_MIN <= stated.settled.amount_minor
    )
    if not (is_possible and stated.references and charge.livemode == stated.livemode):
        return ()
    account = stated.psp, stated.psp_account
    if (charge.psp, charge.psp_account) == account:
        return _of_charge(charge, stated)
    attempt = next((one for one in charge.abandoned_attempts if (one.psp, one.psp_account) == account), None)
    return () if attempt is None else _of_attempt(charge, attempt, stated)


def stated_fee_event_id(stream_id: StreamId, event: FeeAssessed | AttemptFeeAssessed) -> EventId:
    """The id of the event that a file told the fee of a charge, or of an attempt: always the same, so that the log takes it once."""
    about = "fee_stated" if isinstance(event, FeeAssessed) else f"fee_stated:{event.attempt}"
    return EventId(uuid5(stream_id, about))


def _of_charge(charge: Charge, stated: StatedFee) -> tuple[FeeAssessed, ...]:
    is_of_payment = all(charge.is_called(reference) for reference in stated.references) and (
        stated.taken == Money(charge.captured_minor, charge.amount.currency)
    )
    if charge.status != "succeeded" or charge.fee is not None or charge.psp_reference is None:
        return ()
    if not is_of_payment:
        return ()
    return (
        FeeAssessed(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=charge.psp_reference,
            fee_minor=stated.fee.amount_minor,
            currency=stated.fee.currency,
            occurred_at=stated.occurred_at,
        ),
    )


def _of_attempt(
    charge: Charge, attempt: AbandonedAttempt, stated: StatedFee
) -> tuple[AttemptFeeAssessed, ...]:
    is_of_attempt = all(attempt.is_called(reference) for reference in stated.references) and (
        stated.taken == Money(attempt.money_minor, charge.amount.currency)
    )
    if not attempt.is_taken or attempt.fee is not None or attempt.psp_reference is None:
        return ()
    if not is_of_attempt:
        return ()
    return (
        AttemptFeeAssessed(
            attempt=attempt.number,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=attempt.psp,
            psp_account=attempt.psp_account,
            psp_reference=attempt.psp_reference,
            fee_minor=stated.fee.amount_minor,
            currency=stated.fee.currency,
            occurred_at=stated.occurred_at,
        ),
    )
