"""Plans without rules: which accounts take what a merchant offers, in which order, and why the others do not."""

import pytest

from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import CardToken, HostedCard, PaymentMethodType, PayPalVaultToken
from fincore.domain.route_plan import PlannedAttempt, RoutePlan
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.plan import is_told_by_its_attempt, offered_of
from fincore.write.routing.router import NoRoute
from fixtures.routing import (
    ACCOUNTS,
    CARD,
    EUR,
    STRIPE,
    WALLET,
    asking,
    choice,
    paypal,
    places,
    reasons,
    stripe,
)

ROUTER = AccountRouter(ACCOUNTS)


def test_card_token_without_account_goes_to_the_default_one() -> None:
    plan = ROUTER.route(asking(choice(CARD)))
    assert places(plan) == ["stripe/us"]
    assert reasons(plan) == {
        "stripe/eu": "token_of_other_account",
        "paypal/shop": "payment_method_not_taken",
        "paypal/outlet": "payment_method_not_taken",
    }


def test_card_token_goes_to_no_account_but_its_own() -> None:
    plan = ROUTER.route(asking(choice(CARD, "eu")))
    assert places(plan) == ["stripe/eu"]
    assert reasons(plan)["stripe/us"] == "token_of_other_account"


def test_wallet_without_account_goes_to_the_default_one() -> None:
    plan = ROUTER.route(asking(choice(WALLET)))
    assert places(plan) == ["paypal/shop"]
    assert reasons(plan)["paypal/outlet"] == "not_default"


def test_wallet_bound_to_an_account_goes_there() -> None:
    plan = ROUTER.route(asking(choice(WALLET, "outlet")))
    assert places(plan) == ["paypal/outlet"]
    assert isinstance(plan, RoutePlan)
    assert offered_of(plan) == (choice(WALLET, "outlet"),)


def test_hosted_card_needs_no_token_and_an_account_that_hosts() -> None:
    types = frozenset[PaymentMethodType]({"card", "hosted_card"})
    hosting = stripe("hosting", is_default=True, payment_method_types=types)
    plan = AccountRouter([stripe("us"), hosting]).route(asking(choice(HostedCard())))
    assert places(plan) == ["stripe/hosting"]
    assert reasons(plan) == {"stripe/us": "payment_method_not_taken"}
    assert isinstance(plan, RoutePlan)
    assert offered_of(plan) == (choice(HostedCard()),)
    assert isinstance(ROUTER.route(asking(choice(HostedCard()))), NoRoute)


def test_several_payment_methods_give_attempts_in_their_order() -> None:
    kept = PayPalVaultToken("vault-1")
    plan = ROUTER.route(asking(choice(kept, "shop"), choice(CARD), choice(CardToken("pm_eu"), "eu")))
    assert places(plan) == ["paypal/shop", "stripe/us", "stripe/eu"]
    assert isinstance(plan, RoutePlan)
    assert [one.payment_method for one in plan.attempts] == [kept, CARD, CardToken("pm_eu")]


def test_account_is_asked_once_with_the_first_method_it_takes() -> None:
    plan = ROUTER.route(asking(choice(CARD, "us"), choice(CardToken("pm_2"), "us")))
    assert isinstance(plan, RoutePlan)
    assert [one.payment_method for one in plan.attempts] == [CARD]


def test_account_that_cannot_take_the_money_is_skipped() -> None:
    plan = ROUTER.route(asking(choice(WALLET), choice(CARD), currency=EUR))
    assert places(plan) == ["stripe/us"]
    assert reasons(plan)["paypal/shop"] == "currency_not_supported"


def test_plan_has_at_most_three_attempts() -> None:
    accounts = [stripe(f"s{number}") for number in range(5)]
    offered = [choice(CardToken(f"pm_{number}"), f"s{number}") for number in range(5)]
    plan = AccountRouter(accounts).route(asking(*offered))
    assert places(plan) == ["stripe/s0", "stripe/s1", "stripe/s2"]
    assert reasons(plan) == {"stripe/s3": "attempts_max_reached", "stripe/s4": "attempts_max_reached"}


def test_plan_of_the_only_account_is_told_by_its_attempt() -> None:
    plan = AccountRouter([stripe("only", is_default=True)]).route(asking())
    assert isinstance(plan, RoutePlan)
    assert plan.attempts == (PlannedAttempt(STRIPE, PspAccount("only"), CARD),)
    assert is_told_by_its_attempt(plan)
    assert offered_of(plan) == (choice(CARD, "only"),)


def test_money_that_the_only_account_refuses_gets_no_route() -> None:
    refused = AccountRouter([stripe("only", is_default=True, max_minor=999)]).route(
        asking(amount_minor=1_000)
    )
    assert refused == NoRoute("amount_too_large", "The PSP takes no more than 9.99 USD in one payment.")


def test_token_of_unknown_account_gets_no_route() -> None:
    refused = ROUTER.route(asking(choice(CARD, "moon")))
    assert refused == NoRoute("account_unknown", "There is no PSP account moon for test mode.", 0)


def test_type_that_no_account_takes_gets_no_route() -> None:
    refused = AccountRouter([stripe("us", is_default=True)]).route(asking(choice(WALLET)))
    assert refused == NoRoute("payment_method_not_taken", "No account for test mode takes paypal.")


def test_bare_token_without_default_account_gets_no_route() -> None:
    """It belongs to one account, and nothing says to which."""
    refused = AccountRouter([stripe("us"), stripe("eu")]).route(asking(choice(CARD)))
    assert isinstance(refused, NoRoute)
    assert refused.code == "payment_method_not_taken"


def test_accounts_of_the_other_mode_are_not_considered() -> None:
    plan = ROUTER.route(asking(livemode=True))
    assert (places(plan), reasons(plan)) == (["stripe/live"], {})


def test_mode_without_accounts_gets_no_route() -> None:
    assert AccountRouter([stripe("us")]).route(asking(livemode=True)) == NoRoute("psp_not_configured")


def test_accounts_with_one_name_and_type_are_refused() -> None:
    AccountRouter([stripe("us"), paypal("us"), stripe("us", livemode=True)])
    with pytest.raises(ConfigurationError, match="both have an account us that takes card"):
        AccountRouter([stripe("us"), stripe("us")])
