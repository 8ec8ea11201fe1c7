"""A `ChargeView` as a row of `paymentdb.charges`, and back."""

from typing import Final

import asyncpg
import msgspec

from fincore.domain.charge import Charge
from fincore.domain.money import Money
from fincore.domain.outcome import Failure
from fincore.domain.public_event import PublicEvent
from fincore.read.paymentdb.charge_view import ChargeView

_TIMELINE: Final = msgspec.json.Decoder(tuple[PublicEvent, ...])
_METADATA: Final = msgspec.json.Decoder(dict[str, str])
_FAILURE: Final = msgspec.json.Decoder(Failure)
_ENCODER: Final = msgspec.json.Encoder()


def row_of(view: ChargeView) -> tuple[object, ...]:
    """The columns of a view, in the order of the table."""
    charge = view.charge
    return (
        view.charge_id,
        view.stream_id,
        charge.version,
        charge.merchant_id,
        charge.livemode,
        charge.status,
        charge.amount.amount_minor,
        charge.amount.currency,
        charge.capture_method,
        charge.authorized_minor,
        charge.captured_minor,
        charge.payment_method,
        charge.psp,
        charge.psp_account,
        charge.psp_reference,
        charge.capture_before,
        charge.description,
        charge.customer_email,
        _json(charge.metadata),
        _json(charge.failure) if charge.failure else None,
        charge.redirect_url,
        charge.unknown_since,
        charge.created_at,
        view.updated_at,
        _json(view.timeline),
    )


def view_of(row: asyncpg.Record) -> ChargeView:
    """The view a row holds; the inverse of `row_of`."""
    return ChargeView(
        charge_id=row["charge_id"],
        stream_id=row["stream_id"],
        charge=Charge(
            version=row["version"],
            merchant_id=row["merchant_id"],
            livemode=row["livemode"],
            status=row["status"],
            amount=Money(row["amount_minor"], row["currency"]),
            capture_method=row["capture_method"],
            authorized_minor=row["authorized_minor"],
            captured_minor=row["captured_minor"],
            payment_method=row["payment_method"],
            psp=row["psp"],
            psp_account=row["psp_account"],
            psp_reference=row["psp_reference"],
            capture_before=row["capture_before"],
            description=row["description"],
            customer_email=row["customer_email"],
            metadata=_METADATA.decode(row["metadata"]),
            failure=_FAILURE.decode(row["failure"]) if row["failure"] else None,
            redirect_url=row["redirect_url"],
            unknown_since=row["unknown_since"],
            created_at=row["created_at"],
        ),
        updated_at=row["updated_at"],
        timeline=_TIMELINE.decode(row["timeline"]),
    )


def _json(value: object) -> str:
    return _ENCODER.encode(value).decode()
