"""A refund as a row of `paymentdb.refunds`, and back."""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.money import Money
from fincore.domain.refund import Refund
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.refund_view import RefundView

_METADATA: Final = msgspec.json.Decoder(dict[str, str])
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: ChargeView, refund: Refund, version: int) -> tuple[object, ...]:
    """The columns of a charge's refund that the event `version` changed last, in the order of the table."""
    charge = view.charge
    return (
        refund.refund_id,
        view.charge_id,
        version,
        charge.merchant_id,
        charge.livemode,
        refund.status,
        refund.amount_minor,
        charge.amount.currency,
        refund.reason,
        refund.origin,
        _ENCODER.encode(refund.metadata).decode(),
        refund.psp_reference,
        refund.failure_code,
        refund.unknown_since,
        refund.requested_at,
        refund.updated_at,
        refund.fee.amount_minor if refund.fee else None,
        refund.fee.currency if refund.fee else None,
        refund.fee_taken_again.amount_minor if refund.fee_taken_again else None,
        refund.fee_taken_again.currency if refund.fee_taken_again else None,
    )


def view_of(row: asyncpg.Record) -> RefundView:
    """The refund that a row holds, joined with `charge_version`."""
    return RefundView(
        charge_id=row["charge_id"],
        charge_version=row["charge_version"],
        merchant_id=row["merchant_id"],
        livemode=row["livemode"],
        currency=row["currency"],
        refund=Refund(
            refund_id=row["refund_id"],
            status=row["status"],
            amount_minor=row["amount_minor"],
            reason=row["reason"],
            origin=row["origin"],
            metadata=_METADATA.decode(row["metadata"]),
            requested_at=row["created_at"],
            updated_at=row["updated_at"],
            psp_reference=row["psp_reference"],
            failure_code=row["failure_code"],
            unknown_since=row["unknown_since"],
            fee=Money(row["fee_minor"], row["fee_currency"]) if row["fee_currency"] else None,
            fee_taken_again=Money(row["fee_taken_again_minor"], row["fee_taken_again_currency"])
            if row["fee_taken_again_currency"]
            else None,
        ),
    )
