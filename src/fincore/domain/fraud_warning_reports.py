"""Which events follow from a report that a charge may be fraud: each warning once, and what the PSP says later of it. Pure."""

from typing import Final

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeEvent, FraudWarned, FraudWarningUpdated
from fincore.domain.fraud_warning import is_newer, warning_called
from fincore.domain.outcome import FraudWarningReport
from fincore.domain.refusal import Refusal

Events = tuple[ChargeEvent, ...]

FRAUD_WARNINGS_MAX: Final = 20
"""Warnings about one charge; issuers send one, seldom two."""


def decide_fraud_warning(charge: Charge, report: FraudWarningReport) -> Events | Refusal:
    """The events that follow from what a PSP reported about a warning; none where the charge knows it already.

    A warning counts in every state of a charge and changes none. It presupposes a payment at the PSP: of a charge that knows none, it
    contradicts what is known.
    """
    if charge.psp_reference is None:
        return Refusal(
            "contradicts_state",
            f"the PSP warns of fraud, and the charge, which is {charge.status}, knows no payment at the PSP",
        )
    warning = warning_called(charge.fraud_warnings, report.psp_reference)
    if warning is not None:
        if not is_newer(report, warning):
            return ()
        updated = FraudWarningUpdated(
            psp_reference=report.psp_reference,
            fraud_type=report.fraud_type,
            is_actionable=report.is_actionable,
            occurred_at=report.occurred_at,
        )
        return (updated,)
    if len(charge.fraud_warnings) >= FRAUD_WARNINGS_MAX:
        return Refusal(
            "contradicts_state", f"the PSP has warned of fraud {FRAUD_WARNINGS_MAX} times, and does so again"
        )
    warned = FraudWarned(
        psp_reference=report.psp_reference,
        fraud_type=report.fraud_type,
        is_actionable=report.is_actionable,
        warned_at=report.warned_at,
        occurred_at=report.occurred_at,
    )
    return (warned,)
