"""How `fincore charges show` says what the PSP reports about fraud."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from fincore.cli.psp_fraud_text import psp_fraud_lines
from fincore.domain.charge_fold import evolve
from fincore.domain.fraud_warning import FraudWarning
from fincore.domain.outcome import PspReference
from fincore.domain.psp_risk import PspRisk
from fixtures.commits import created

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
CHARGE = evolve(None, created(1000))
WARNING = FraudWarning(
    psp_reference=PspReference("issfr_1"),
    fraud_type="stolen_card",
    is_actionable=True,
    warned_at=NOON,
    updated_at=NOON,
)


def test_charge_without_reports_of_fraud_has_no_line() -> None:
    assert psp_fraud_lines(CHARGE) == []


@pytest.mark.parametrize(
    ("risk", "line"),
    [
        (PspRisk(level="not_assessed"), "the PSP's risk level: not_assessed"),
        (
            PspRisk(level="elevated", score=0, rule="rule_1"),
            "the PSP's risk level: elevated, score 0 of 100, by its rule rule_1",
        ),
    ],
    ids=["level", "all"],
)
def test_risk_that_the_psp_found_is_one_line(risk: PspRisk, line: str) -> None:
    assert psp_fraud_lines(msgspec.structs.replace(CHARGE, psp_risk=risk)) == [line]


def test_each_warning_is_one_line_with_what_helps() -> None:
    over = msgspec.structs.replace(
        WARNING,
        psp_reference=PspReference("issfr_2"),
        is_actionable=False,
        updated_at=NOON + timedelta(hours=1),
    )
    assert psp_fraud_lines(msgspec.structs.replace(CHARGE, fraud_warnings=(WARNING, over))) == [
        "warned of fraud on 2026-01-02 12:00:00: stolen_card (issfr_1); a refund can prevent a dispute",
        "warned of fraud on 2026-01-02 12:00:00: stolen_card (issfr_2); refunded or disputed, as of 2026-01-02 13:00:00",
    ]
