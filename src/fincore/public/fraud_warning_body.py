"""A warning that a charge may be fraud, as merchants see it. Pure."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from fincore.domain.fraud_warning import FraudWarning
from fincore.domain.outcome import FraudType
from fincore.public.fields import UpdatedAt


class FraudWarningBody(msgspec.Struct, frozen=True, kw_only=True):
    """The bank that issued the card warns that the charge may be fraud. No money moves by a warning."""

    psp_reference: Annotated[str, Meta(description="The warning's id at the PSP.")]
    fraud_type: Annotated[FraudType, Meta(description="Which fraud the bank suspects.")]
    is_actionable: Annotated[
        bool,
        Meta(
            description="`true`: a refund can still prevent a dispute, as the PSP says. `false`: the charge is refunded or disputed."
        ),
    ]
    warned_at: Annotated[datetime, Meta(description="When the PSP got the warning.")]
    updated_at: UpdatedAt


def fraud_warning_body(warning: FraudWarning) -> FraudWarningBody:
    """A warning about a charge."""
    return FraudWarningBody(
        psp_reference=warning.psp_reference,
        fraud_type=warning.fraud_type,
        is_actionable=warning.is_actionable,
        warned_at=warning.warned_at,
        updated_at=warning.updated_at,
    )
