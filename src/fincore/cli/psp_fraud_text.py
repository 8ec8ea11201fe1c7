"""What the PSP reports about fraud in a charge, in words: how risky it found the payment, and of what it warned."""

from fincore.cli.terminal import moment_text
from fincore.domain.charge import Charge
from fincore.domain.fraud_warning import FraudWarning
from fincore.domain.psp_risk import PspRisk


def psp_fraud_lines(charge: Charge) -> list[str]:
    """A line for the PSP's judgement, where it told one, and one for each warning."""
    judged = [] if charge.psp_risk is None else [_judgement(charge.psp_risk)]
    return [*judged, *(_warning(warning) for warning in charge.fraud_warnings)]


def _judgement(risk: PspRisk) -> str:
    score = "" if risk.score is None else f", score {risk.score} of 100"
    rule = "" if risk.rule is None else f", by its rule {risk.rule}"
    return f"the PSP's risk level: {risk.level}{score}{rule}"


def _warning(warning: FraudWarning) -> str:
    advice = (
        "a refund can prevent a dispute"
        if warning.is_actionable
        else "refunded or disputed, as of " + moment_text(warning.updated_at)
    )
    return f"warned of fraud on {moment_text(warning.warned_at)}: {warning.fraud_type} ({warning.psp_reference}); {advice}"
