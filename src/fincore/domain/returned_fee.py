"""A part of a PSP's fee that a settlement file says came back: believed where nothing told it, for the refund or payment it names. Pure."""

from datetime import datetime
from uuid import uuid5

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import FeeReturned
from fincore.domain.ids import EventId, RefundId, StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.refund import Refund


class StatedReturn(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one refund, or one line that gives a fee back by itself, say.

    `reference` is what the PSP calls it. `given_back` is what the customer got, positive and in the charge's currency; None where the fee
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


def fee_return_stated(charge: Charge, stated: StatedReturn) -> tuple[FeeReturned, ...]:
    """The event that a charge has a part of its fee back; none where that is known, or the file cannot be about it.

    The file is of the account that took the payment, and the PSP keeps at least as much of its fee as comes back. With a refund: that
    succeeded, its amount is what the file says, and nothing told a fee with it. By itself: the file names the payment, which has no
    dispute, as what came back may be the dispute's fee then, and what gives the fee back is not known.
    """
    of_account = charge.psp, charge.psp_account, charge.livemode
    kept = charge.kept_fee
    if of_account != (stated.psp, stated.psp_account, stated.livemode) or kept is None:
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
            and one.status == "succeeded"
            and one.fee is None
            and Money(one.amount_minor, charge.amount.currency) == stated.given_back
        ),
        None,
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
