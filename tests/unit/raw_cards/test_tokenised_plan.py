"""From a plan and what its accounts made of a card to the plan that is written."""

import pytest

from fincore.domain.outcome import Declined, Failure, PspAccount, PspName, PspReference, Retryable, Unknown
from fincore.domain.payment_method import CardToken
from fincore.domain.route_plan import PlannedAttempt, RoutePlan, Skipped
from fincore.write.raw_cards.tokenised_plan import OFFERED, RefusedCard, Tokenised, tokenised_plan
from fixtures.commits import NOON

STRIPE = PspName("stripe")
ACCOUNTS = tuple(PspAccount(name) for name in ("eu", "us", "uk"))
BEFORE = Skipped(PspName("paypal"), PspAccount("shop"), "payment_method_not_taken")
PLAN = RoutePlan(
    attempts=tuple(PlannedAttempt(STRIPE, account, OFFERED[0].payment_method) for account in ACCOUNTS),
    skipped=(BEFORE,),
    rules_version=3,
)
TOKEN = CardToken(PspReference("pm_1"))
OTHER_TOKEN = CardToken(PspReference("pm_2"))
DECLINED = Declined(
    failure=Failure(code="card_declined", message="No.", advice="ask_customer"), occurred_at=NOON
)
AWAY = Retryable(reason="the connection was refused")
SILENT = Unknown(reason="no answer", since=NOON)


def no_token(*accounts: str) -> tuple[Skipped, ...]:
    return (*(Skipped(STRIPE, PspAccount(one), "no_token_of_card") for one in accounts), BEFORE)


def test_candidates_are_the_accounts_with_a_token() -> None:
    plan = tokenised_plan(PLAN, [AWAY, TOKEN, OTHER_TOKEN])
    assert isinstance(plan, RoutePlan)
    assert plan.attempts == (
        PlannedAttempt(STRIPE, ACCOUNTS[1], TOKEN),
        PlannedAttempt(STRIPE, ACCOUNTS[2], OTHER_TOKEN),
    )
    assert (plan.skipped, plan.offered, plan.rules_version) == (no_token("eu"), OFFERED, 3)


def test_refusal_after_a_token_is_no_candidate() -> None:
    plan = tokenised_plan(PLAN, [TOKEN, DECLINED, None])
    assert isinstance(plan, RoutePlan)
    assert [one.psp_account for one in plan.attempts] == ["eu"]
    assert plan.skipped == no_token("us", "uk")


@pytest.mark.parametrize("before", [AWAY, SILENT, None])
def test_first_answer_that_is_a_refusal_refuses_the_card(before: Tokenised) -> None:
    found = tokenised_plan(PLAN, [before, DECLINED, TOKEN])
    assert isinstance(found, RefusedCard)
    assert found.declined == DECLINED
    assert found.plan.attempts == (PLAN.attempts[1],)
    assert (found.plan.skipped, found.plan.offered) == (no_token("eu", "uk"), OFFERED)


def test_plan_without_an_answer_is_none() -> None:
    assert tokenised_plan(PLAN, [AWAY, SILENT, None]) is None


def test_each_attempt_needs_its_answer() -> None:
    with pytest.raises(ValueError, match="zip"):
        tokenised_plan(PLAN, [TOKEN])
