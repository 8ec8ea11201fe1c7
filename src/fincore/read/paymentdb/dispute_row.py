"""A dispute as a row of `paymentdb.disputes`, and back."""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.dispute import Dispute
from fincore.domain.outcome import DisputeMovements
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.dispute_view import DisputeView

_MOVEMENTS: Final = msgspec.json.Decoder(tuple[DisputeMovements, ...])
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: ChargeView, dispute: Dispute, version: int) -> tuple[object, ...]:
    """The columns of a charge's dispute that the event `version` changed last, in the order of the table."""
    return (
        dispute.dispute_id,
        view.charge_id,
        version,
        view.charge.merchant_id,
        view.charge.livemode,
        dispute.psp_reference,
        dispute.status,
        dispute.is_inquiry,
        dispute.amount_minor,
        dispute.currency,
        dispute.reason,
        dispute.evidence_due_by,
        dispute.opened_at,
        dispute.updated_at,
        _ENCODER.encode(dispute.movements).decode(),
        dispute.category,
    )


def view_of(row: asyncpg.Record) -> DisputeView:
    """The dispute that a row holds."""
    return DisputeView(
        charge_id=row["charge_id"],
        merchant_id=row["merchant_id"],
        livemode=row["livemode"],
        dispute=Dispute(
            dispute_id=row["dispute_id"],
            psp_reference=row["psp_reference"],
            status=row["status"],
            is_inquiry=row["is_inquiry"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            reason=row["reason"],
            evidence_due_by=row["evidence_due_by"],
            opened_at=row["opened_at"],
            updated_at=row["updated_at"],
            movements=_MOVEMENTS.decode(row["movements"]),
            category=row["category"],
        ),
    )
