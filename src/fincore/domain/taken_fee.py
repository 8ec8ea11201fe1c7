"""What a PSP takes again of its fee when a refund fails, as a settlement file states it: believed up to what it gave back. Pure."""

from datetime import datetime
from uuid import uuid5

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.events import FeeTakenAgain
from fincore.domain.ids import EventId, StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference


class StatedTake(msgspec.Struct, frozen=True, kw_only=True):
    """What all lines of one failed refund say. `reference` is what the PSP calls the refund.

    `came_back` is what the customer did not take, positive and in the charge's currency; `fee` is what the PSP took again, positive.
    """

    psp: PspName
    psp_account: PspAccount
    livemode: bool
    reference: PspReference
    came_back: Money
    fee: Money
    occurred_at: datetime


def fee_take_stated(charge: Charge, stated: StatedTake) -> tuple[FeeTakenAgain, ...]:
    """The event that the PSP took again what it had given back of its fee; none where that is known, or the file cannot be about it.

    The file is of the account that took the payment, the refund failed, its amount is what the file says, and the PSP gave at least as
    much of its fee back with it.
    """
    of_account = charge.psp, charge.psp_account, charge.livemode
    refund = next((one for one in charge.refunds if one.psp_reference == stated.reference), None)
    if refund is None or of_account != (stated.psp, stated.psp_account, stated.livemode):
        return ()
    returned = refund.fee
    is_of_refund = refund.status == "failed" and (
        stated.came_back == Money(refund.amount_minor, charge.amount.currency)
    )
    if not is_of_refund or returned is None or refund.fee_taken_again is not None:
        return ()
    if returned.currency != stated.fee.currency or not 0 < stated.fee.amount_minor <= returned.amount_minor:
        return ()
    return (
        FeeTakenAgain(
            merchant_id=charge.merchant_id,
            livemode=charge.livemode,
            psp=charge.psp,
            psp_account=charge.psp_account,
            psp_reference=stated.reference,
            fee_minor=stated.fee.amount_minor,
            currency=stated.fee.currency,
            occurred_at=stated.occurred_at,
            refund_id=refund.refund_id,
        ),
    )


def fee_take_event_id(stream_id: StreamId, stated: StatedTake) -> EventId:
    """The id of the event that a file told that a fee was taken again: always the same, so that the log takes it once."""
    return EventId(uuid5(stream_id, f"fee_taken_again:{stated.reference}"))
