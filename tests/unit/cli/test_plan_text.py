"""A plan in words."""

from typing import get_args

from fincore.cli.plan_text import REASONS, plan_lines
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payment_method import CardToken, PayPalWallet
from fincore.domain.route_plan import PlannedAttempt, RoutePlan, Skipped, SkipReason

STRIPE, PAYPAL, EU = PspName("stripe"), PspName("paypal"), PspAccount("eu")
PLAN = RoutePlan(
    attempts=(PlannedAttempt(STRIPE, EU, CardToken("pm_1")), PlannedAttempt(PAYPAL, EU, PayPalWallet())),
    skipped=(Skipped(STRIPE, PspAccount("us"), "token_of_other_account"),),
    rules_version=3,
    rule="split",
    draw=0.25,
)


def test_plan_says_order_rule_draw_and_why_not_elsewhere() -> None:
    assert plan_lines(PLAN) == [
        "plan: stripe/eu (card), then paypal/eu (paypal); rule split of version 3, draw 0.250000",
        "skipped: stripe/us: the token belongs to another account",
    ]


def test_plan_says_that_no_rule_or_no_rules_decided() -> None:
    attempts = PLAN.attempts[:1]
    assert plan_lines(RoutePlan(attempts=attempts, rules_version=3)) == [
        "plan: stripe/eu (card); no rule of version 3 matched"
    ]
    assert plan_lines(RoutePlan(attempts=attempts)) == ["plan: stripe/eu (card); no routing rules were live"]


def test_every_reason_for_skipping_has_words() -> None:
    assert REASONS.keys() == set(get_args(SkipReason))
