"""How `fincore charges show` says what the risk rules decided."""

from typing import get_args

import pytest

from fincore.cli.assessment_text import UNAVAILABLE, assessment_lines
from fincore.domain.risk import RiskAssessment, RiskUnavailable, RuleError, RuleHit, ShadowAssessment


def test_assessment_says_what_decided_and_by_which_facts() -> None:
    assessment = RiskAssessment(
        rules_version=7,
        decision="block",
        elapsed_microseconds=412,
        rule="many_cards",
        fell_back_from="challenge",
        hits=(RuleHit("many_cards", "challenge"), RuleHit("new_customer", "review")),
        unknown=("foreign_card", "far_away"),
        errors=(RuleError("odd_order", "metadata has no key 'order'"),),
        facts={"ip": "192.0.2.7", "distinct_cards_by_ip_1h": 12, "has_card_country": False},
        shadow=(
            ShadowAssessment(rules_version=8, decision="allow"),
            ShadowAssessment(
                rules_version=9, decision="review", rule="large", hits=(RuleHit("large", "review"),)
            ),
        ),
    )
    assert assessment_lines(assessment) == [
        "risk: block; rule many_cards of version 7, which falls back from challenge: this payment cannot do it; 412 us",
        "  hits: many_cards (challenge), new_customer (review)",
        "  facts: distinct_cards_by_ip_1h 12, has_card_country false, ip 192.0.2.7",
        "  unknown: foreign_card, far_away",
        "  error in odd_order: metadata has no key 'order'",
        "  shadow: version 8 would allow",
        "  shadow: version 9 would review, rule large; hits large (review)",
    ]


@pytest.mark.parametrize(
    ("rules_version", "said"), [(0, "no version was live"), (3, "no rule of version 3 decided")]
)
def test_charge_that_no_rule_decided_about_says_so(rules_version: int, said: str) -> None:
    assessment = RiskAssessment(rules_version=rules_version, decision="allow", elapsed_microseconds=80)
    assert assessment_lines(assessment) == [f"risk: allow; {said}; 80 us"]


def test_failure_mode_is_named_with_its_reason() -> None:
    assert set(UNAVAILABLE) == set(get_args(RiskUnavailable))
    slow = RiskAssessment(
        rules_version=3, decision="block", elapsed_microseconds=250_000, unavailable="store_slow"
    )
    (line,) = assessment_lines(slow)
    assert line == (
        "risk: block; the store of counters and lists took too long: the failure mode decided; 250000 us"
    )
