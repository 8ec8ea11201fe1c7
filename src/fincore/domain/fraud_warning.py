"""Warnings of the card's issuer that a charge may be fraud, as the PSP passes them on. They live in their charge's stream. Pure."""

from datetime import datetime

import msgspec

from fincore.domain.events import FraudWarned, FraudWarningEvent, event_type
from fincore.domain.outcome import FraudType, FraudWarningReport, PspReference


class FraudWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One warning as its events tell it; what the PSP says of it is as of `updated_at`."""

    psp_reference: PspReference
    fraud_type: FraudType
    is_actionable: bool
    warned_at: datetime
    updated_at: datetime


FraudWarnings = tuple[FraudWarning, ...]


def warning_called(warnings: FraudWarnings, psp_reference: PspReference) -> FraudWarning | None:
    """The warning that the PSP calls so."""
    return next((one for one in warnings if one.psp_reference == psp_reference), None)


def is_newer(report: FraudWarningReport, warning: FraudWarning) -> bool:
    """Whether a report says what is not older than what is known of a warning, and something else.

    Reports come in any order, and a second is long enough for two: then a dispute or a refund has come between, so that the one counts
    by which nothing can be prevented any more.
    """
    reported = (report.occurred_at, not report.is_actionable, report.fraud_type)
    return reported > (warning.updated_at, not warning.is_actionable, warning.fraud_type)


def evolve_fraud_warnings(warnings: FraudWarnings, event: FraudWarningEvent) -> FraudWarnings:
    """The warnings after an event; raise `KeyError` for one that is there twice, or updated and not there."""
    known = warning_called(warnings, event.psp_reference)
    if isinstance(event, FraudWarned):
        if known is not None:
            raise KeyError((event.psp_reference, event_type(event)))
        new = FraudWarning(
            psp_reference=event.psp_reference,
            fraud_type=event.fraud_type,
            is_actionable=event.is_actionable,
            warned_at=event.warned_at,
            updated_at=event.occurred_at,
        )
        return (*warnings, new)
    if known is None:
        raise KeyError((event.psp_reference, event_type(event)))
    after = msgspec.structs.replace(
        known,
        fraud_type=event.fraud_type,
        is_actionable=event.is_actionable,
        updated_at=event.occurred_at,
    )
    return tuple(after if one is known else one for one in warnings)
