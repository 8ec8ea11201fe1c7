"""What Stripe Radar says: how risky a payment is, and that an issuer warns of fraud. By the tables of `status_tables`. Pure.

A judgement of another shape than documented is left out as unknown: it says nothing of the money, so it never makes a payment
unreadable.
"""

from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import msgspec

from fincore.domain.card_number import without_card_numbers
from fincore.domain.outcome import FraudWarningReport, PspReference
from fincore.domain.psp_risk import PspRisk
from fincore.write.psp.stripe import status_tables
from fincore.write.psp.stripe.wire import ChargeOutcome, EarlyFraudWarning, Id, StripeCharge, StripeError

T = TypeVar("T")

_OUTCOME: Final = msgspec.json.Decoder(ChargeOutcome)
_LEVEL: Final = msgspec.json.Decoder(str)
_SCORE: Final = msgspec.json.Decoder(Annotated[int, msgspec.Meta(ge=0, le=100)])
_RULE: Final = msgspec.json.Decoder(Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_]{1,64}\Z")])
_ID: Final = msgspec.json.Decoder(Id)


def risk_of_charge(charge: StripeCharge | str | None) -> PspRisk | None:
    """How risky Radar found a charge that was expanded; None where the charge does not say."""
    outcome = _fact(charge.outcome, _OUTCOME) if isinstance(charge, StripeCharge) else None
    word = None if outcome is None else _fact(outcome.risk_level, _LEVEL)
    if outcome is None or word is None:
        return None
    return PspRisk(
        level=status_tables.RISK_LEVELS.get(word, "unknown"),
        score=_fact(outcome.risk_score, _SCORE),
        rule=_rule(outcome.rule),
    )


def _rule(raw: msgspec.Raw) -> str | None:
    """The id of the rule of Radar that decided; None for one that could be taken for a card number."""
    rule = _fact(raw, _RULE)
    return rule if rule is None or without_card_numbers(rule) == rule else None


def risk_of_refused(error: StripeError, charge: StripeCharge | str | None) -> PspRisk | None:
    """How risky Radar found the attempt that an error is about; None where the charge shown may be another attempt."""
    refused = _fact(error.charge, _ID)
    if refused is None or not isinstance(charge, StripeCharge) or _fact(charge.id, _ID) != refused:
        return None
    return risk_of_charge(charge)


def read_warning(warning: EarlyFraudWarning, *, occurred_at: datetime) -> FraudWarningReport:
    """What an early fraud warning says at `occurred_at`."""
    return FraudWarningReport(
        psp_reference=PspReference(warning.id),
        fraud_type=status_tables.FRAUD_TYPES.get(warning.fraud_type, "other"),
        is_actionable=warning.actionable,
        warned_at=datetime.fromtimestamp(warning.created, UTC),
        occurred_at=occurred_at,
    )


def _fact(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    """The fact; None for null, and for what has not the documented shape."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
