"""The early fraud warning's machine: what it says of its charge, after each thing that happens to that. Pure."""

from collections.abc import Sequence

import msgspec

from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning, FraudType


class WarningFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a new warning needs to know: its name, the time in unix seconds, and what the issuer suspects."""

    warning_id: str
    now: int
    fraud_type: FraudType = "made_with_stolen_card"


def warn(charge: Charge, disputes: Sequence[Dispute], facts: WarningFacts) -> EarlyFraudWarning:
    """The issuer of the card suspects fraud. It does so after a refund or a dispute too, and of a payment that it declined."""
    return EarlyFraudWarning(
        id=facts.warning_id,
        actionable=is_actionable(charge, disputes),
        charge=charge.id,
        created=facts.now,
        fraud_type=facts.fraud_type,
        livemode=charge.livemode,
        payment_intent=charge.payment_intent,
    )


def follow(warning: EarlyFraudWarning, charge: Charge, disputes: Sequence[Dispute]) -> EarlyFraudWarning:
    """The warning after a refund or a dispute of its charge moved."""
    return msgspec.structs.replace(warning, actionable=is_actionable(charge, disputes))


def is_actionable(charge: Charge, disputes: Sequence[Dispute]) -> bool:
    """Whether a refund can still prevent a dispute: there was none, and not all is refunded."""
    return not disputes and not charge.refunded
