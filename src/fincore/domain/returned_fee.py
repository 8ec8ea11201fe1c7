"""A part of a PSP's fee that a settlement file says came back: believed where nothing told it, for the refund or payment it names. Pure."""

from datetime import datetime
from uuid import uuid5

import msgspec

from fincore.domain.attempt import AbandonedAttempt
from fincore.domain.charge import Charge
from fincore.domain.events import AttemptFeeReturned, FeeReturned
from fincore.domain.ids import EventId, RefundId, StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refund import Refund


class StatedReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one refund, or of a reversed attempt, or one line that gives a fee back by itself, say.

    `reference` is what the PSP calls it; of an attempt, what it calls the payment that went back. `given_back` is what the customer got, positive and in the charge's currency; None where the fee
    came back by itself, and then `payment` is what the PSP calls the payment that it is about. `fee` is positive.
    """

    psp: PspName
    psp_account: PspAccount
    livemode: bool
    reference: PspReference
    payment: PspReference | None
    given_back: Money | None
    fee: Money
    occurred_at: datetime


def fee_return_stated(charge: Charge, stated: StatedReturn) -> tuple[FeeReturned | AttemptFeeReturned, ...]:
    """The event that a charge, or an attempt of it, has a part of its fee back; none where that is known, or the file cannot be about it.

    The file is of the account that took the payment, and the PSP keeps at least as much of its fee as comes back. With a refund: that
    succeeded, even if it failed later, its amount is what the file says, and nothing told a fee with it. With an attempt: all that it took
    went back, and nothing told a fee with that. By itself: the file names the payment, which has no dispute, as what came back may be
    the dispute's fee then, and what gives the fee back is not known.
    """
    if charge.livemode != stated.livemode:
        return ()
    account = stated.psp, stated.psp_account
    attempt = next((one for one in charge.abandoned_attempts if (one.psp, one.psp_account) == account), None)
    if attempt is not None and attempt.is_called(stated.reference):
        return _of_attempt(charge, attempt, stated)
    kept = charge.kept_fee
    if (charge.psp, charge.psp_account) != account or kept is None:
        return ()
    if kept.currency != stated.fee.currency or not 0 < stated.fee.amount_minor <= kept.amount_minor:
        return ()
    refund = _refund(charge, stated)
    is_by_itself = (
        stated.given_back is None
        and stated.payment is not None
        and charge.is_called(stated.payment)
        and not charge.disputes
        and stated.reference not in {one.psp_reference for one in charge.returned_fees}
    )
    if refund is None and not is_by_itself:
        return ()
    return (_returned(charge, stated, None if refund is None else refund.refund_id),)


def fee_return_event_id(stream_id: StreamId, stated: StatedReturn) -> EventId:
    """The id of the event that a file told that a fee came back: always the same, so that the log takes it once."""
    return EventId(uuid5(stream_id, f"fee_returned:{stated.reference}"))


def _refund(charge: Charge, stated: StatedReturn) -> Refund | None:
    if stated.given_back is None:
        return None
    return next(
        (
            one
            for one in charge.refunds
            if one.psp_reference == stated.reference
            and one.status in ("succeeded", "failed")
            and (one.fee, one.fee_taken_again) == (None, None)
            and Money(one.amount_minor, charge.amount.currency) == stated.given_back
        ),
        None,
    )


def _of_attempt(
    charge: Charge, attempt: AbandonedAttempt, stated: StatedReturn
) -> tuple[AttemptFeeReturned, ...]:
    fee = attempt.fee
    is_all_back = attempt.status == "reversed" and (
        stated.given_back == Money(attempt.money_minor, charge.amount.currency)
    )
    if not is_all_back or fee is None or attempt.returned_fee is not None:
        return ()
    if fee.currency != stated.fee.currency or not 0 < stated.fee.amount_minor <= fee.amount_minor:
        return ()
    return (
        AttemptFeeReturned(
            attempt=attempt.number,
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=attempt.psp,
            psp_account=attempt.psp_account,
            psp_reference=stated.reference,
            fee_minor=stated.fee.amount_minor,
            currency=stated.fee.currency,
            occurred_at=stated.occurred_at,
        ),
    )


def _returned(charge: Charge, stated: StatedReturn, refund_id: RefundId | None) -> FeeReturned:
    return FeeReturned(
        merchant_id=charge.merchant_id,
        livemode=charge.livemode,
        psp=charge.psp,
        psp_account=charge.psp_account,
        psp_reference=stated.reference,
        fee_minor=stated.fee.amount_minor,
        currency=stated.fee.currency,
        occurred_at=stated.occurred_at,
        refund_id=refund_id,
    )
