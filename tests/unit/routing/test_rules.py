"""Plans by rules: the first match decides, weights are drawn by the charge's key, and no account is asked for what it cannot take."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount
from fincore.domain.payment_method import CardToken, PayPalVaultToken, payment_method_type
from fincore.domain.route_plan import ATTEMPTS_MAX, RoutePlan
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.facts import ROUTING_FACTS, facts_of
from fincore.write.routing.plan import (
    AccountName,
    Chosen,
    is_told_by_its_attempt,
    offered_of,
    plan_of,
)
from fincore.write.routing.router import NoRoute, RouteRequest
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules, draw_of, routed
from fincore.write.rules.cel import ConditionError
from fixtures.routing import (
    ACCOUNTS,
    CARD,
    EUR,
    MERCHANT,
    STRIPE,
    USD,
    WALLET,
    asking,
    choice,
    places,
    reasons,
)

ANYWHERE = (choice(CARD, "us"), choice(CardToken("pm_eu"), "eu"), choice(WALLET))


def live(text: str, version: int = 7) -> LiveRules:
    rules = read_rules(text)
    assert isinstance(rules, tuple), rules
    return LiveRules(version, rules)


def rule(name: str, when: str, accounts: str, more: str = "") -> str:
    return f"[[rule]]\nname = '{name}'\nwhen = '''{when}'''\naccounts = [{accounts}]\n{more}\n"


def plan(request: RouteRequest, rules: LiveRules | None) -> RoutePlan | NoRoute:
    return routed(request, ACCOUNTS, rules).plan


EURO = rule("euro", 'currency == "eur"', '"stripe/eu", "stripe/us"')
WALLETS = rule("wallets", '"paypal" in payment_method_types', '"paypal/outlet", "paypal/shop"')


def test_first_rule_that_matches_decides() -> None:
    rules = live(EURO + WALLETS)
    euro = plan(asking(*ANYWHERE, currency=EUR), rules)
    assert places(euro) == ["stripe/eu", "stripe/us"]
    assert reasons(euro) == {"paypal/shop": "not_chosen_by_rule", "paypal/outlet": "not_chosen_by_rule"}
    assert isinstance(euro, RoutePlan)
    assert (euro.rules_version, euro.rule, euro.draw) == (7, "euro", None)
    assert places(plan(asking(*ANYWHERE), rules)) == ["paypal/outlet", "paypal/shop"]


def test_charge_that_no_rule_matches_goes_the_default_way() -> None:
    found = plan(asking(choice(CARD)), live(EURO))
    assert places(found) == ["stripe/us"]
    assert isinstance(found, RoutePlan)
    assert (found.rules_version, found.rule) == (7, None)
    assert not is_told_by_its_attempt(found)


def test_rule_of_another_mode_or_merchant_does_not_match() -> None:
    for more in ('mode = "live"', 'merchants = ["mer_01kab5m5wvfb9v1c2m5hfv0d2f"]'):
        found = plan(asking(*ANYWHERE), live(rule("other", "true", '"stripe/eu"', more)))
        assert isinstance(found, RoutePlan)
        assert found.rule is None
    ours = plan(asking(*ANYWHERE), live(rule("ours", "true", '"stripe/eu"', f'merchants = ["{MERCHANT}"]')))
    assert places(ours) == ["stripe/eu"]


def test_rule_sends_no_token_to_another_account() -> None:
    refused = plan(asking(choice(CARD)), live(rule("eu", "true", '"stripe/eu"')))
    assert refused == NoRoute(
        "payment_method_not_taken",
        "No account for test mode to which the routing rule eu sends it takes card of account us.",
    )


def test_account_of_a_rule_that_is_gone_is_skipped_and_said() -> None:
    found = plan(asking(*ANYWHERE), live(rule("gone", "true", '"stripe/moon", "stripe/us", "stripe/live"')))
    assert places(found) == ["stripe/us"]
    assert reasons(found)["stripe/moon"] == "account_not_configured"
    assert "stripe/live" not in reasons(found)  # of the other mode


@pytest.mark.parametrize(
    "when",
    [
        "amount_minor == 1999",
        f'merchant_id == "{MERCHANT}"',
        "!livemode",
        'capture_method == "automatic"',
        'payment_method_type == "card"',
        '"paypal" in payment_method_types',
        'metadata.tier == "gold"',
    ],
)
def test_each_declared_fact_can_decide(when: str) -> None:
    request = asking(*ANYWHERE, metadata={"tier": "gold"})
    found = plan(request, live(rule("fact", when, '"stripe/eu"')))
    assert places(found) == ["stripe/eu"]


def test_rule_that_errs_is_skipped_and_counted() -> None:
    rules = live(
        rule("broken", 'metadata["tier"] == "gold"', '"stripe/eu"') + rule("next", "true", '"stripe/us"')
    )
    router = AccountRouter(ACCOUNTS, lambda: rules)

    def counted() -> float:
        return REGISTRY.get_sample_value("fincore_routing_rule_errors_total", {"rule": "broken"}) or 0.0

    before = counted()
    found = router.route(asking(*ANYWHERE))
    assert places(found) == ["stripe/us"]
    assert counted() == before + 1
    (error,) = routed(asking(*ANYWHERE), ACCOUNTS, rules).errors
    assert (error.rule, "Key not found" in error.reason) == ("broken", True)


SPLIT = rule("split", "true", '"stripe/us", "stripe/eu", "paypal/shop"', "weights = [70, 30, 0]")


def test_order_by_weight_converges_to_the_weights() -> None:
    rules = live(SPLIT)
    firsts = Counter(places(plan(asking(*ANYWHERE, key=f"ch_{number}"), rules))[0] for number in range(4_000))
    assert firsts["paypal/shop"] == 0
    assert 0.67 < firsts["stripe/us"] / 4_000 < 0.73


def test_accounts_not_drawn_follow_in_the_order_of_the_rule() -> None:
    rules = live(SPLIT)
    orders = {tuple(places(plan(asking(*ANYWHERE, key=f"ch_{number}"), rules))) for number in range(50)}
    assert orders == {
        ("stripe/us", "stripe/eu", "paypal/shop"),
        ("stripe/eu", "stripe/us", "paypal/shop"),
    }


def test_weights_count_only_accounts_that_can_take_the_charge() -> None:
    for number in range(20):
        found = plan(asking(choice(CardToken("pm_eu"), "eu"), key=f"ch_{number}"), live(SPLIT))
        assert places(found) == ["stripe/eu"]


def test_draw_depends_on_version_and_key_and_nothing_else() -> None:
    assert draw_of(7, "ch_1") == draw_of(7, "ch_1")
    assert len({draw_of(7, "ch_1"), draw_of(8, "ch_1"), draw_of(7, "ch_2")}) == 3
    assert draw_of(7, "ch_1") == 0.746628564695143
    assert all(0 <= draw_of(1, str(number)) < 1 for number in range(1_000))


choices = st.one_of(
    st.builds(choice, st.builds(CardToken, st.just("pm_1")), st.sampled_from([None, "us", "eu", "moon"])),
    st.builds(choice, st.just(WALLET), st.sampled_from([None, "shop", "outlet", "us"])),
    st.builds(choice, st.builds(PayPalVaultToken, st.just("v-1")), st.sampled_from([None, "shop", "outlet"])),
)
requests = st.builds(
    lambda offered, amount_minor, currency, key: asking(
        *offered, amount_minor=amount_minor, currency=currency, key=key
    ),
    st.lists(choices, min_size=1, max_size=4),
    st.integers(1, 200_000_000),
    st.sampled_from([EUR, USD]),
    st.text(max_size=8),
)
rule_sets = st.sampled_from(
    [
        None,
        live(""),
        live(SPLIT),
        live(EURO + WALLETS),
        live(
            rule(
                "wide",
                "amount_minor > 1000",
                '"paypal/outlet", "stripe/moon", "stripe/eu", "stripe/us", "paypal/shop"',
            )
        ),
    ]
)


@settings(max_examples=200, deadline=None)
@given(request=requests, rules=rule_sets)
def test_plan_names_only_accounts_that_can_take_the_charge(
    request: RouteRequest, rules: LiveRules | None
) -> None:
    found = plan(request, rules)
    assert found == plan(request, rules)
    if isinstance(found, NoRoute):
        return
    by_name = {(account.psp, account.name): account for account in ACCOUNTS if not account.livemode}
    assert 1 <= len(found.attempts) <= ATTEMPTS_MAX
    for attempt in found.attempts:
        account = by_name[attempt.psp, attempt.psp_account]
        assert account.limits.refusal_of(request.money) is None
        assert payment_method_type(attempt.payment_method) in account.limits.payment_method_types
        assert any(
            one.payment_method == attempt.payment_method and one.psp_account in (None, account.name)
            for one in offered_of(found)
        )
    named = [(one.psp, one.psp_account) for one in found.attempts]
    named += [(one.psp, one.psp_account) for one in found.skipped]
    assert len(named) == len(set(named))
    assert set(by_name) <= set(named)


@settings(max_examples=100, deadline=None)
@given(request=requests, rules=rule_sets)
def test_plan_again_from_what_it_says_was_offered_is_the_same(
    request: RouteRequest, rules: LiveRules | None
) -> None:
    """So a dry run over the log finds what acceptance did."""
    found = plan(request, rules)
    if isinstance(found, RoutePlan):
        again = RouteRequest(
            key=request.key,
            merchant_id=request.merchant_id,
            livemode=request.livemode,
            money=request.money,
            capture_method=request.capture_method,
            offered=offered_of(found),
            metadata=request.metadata,
        )
        assert plan(again, rules) == found


CONDITIONS = (
    "true",
    'currency == "eur"',
    "amount_minor > 5000",
    'metadata["tier"] == "gold"',
    "1 / (amount_minor - 1999) > 0",
    'capture_method == "manual" // with a comment',
    f"{'(' * 20}livemode{')' * 20}",
)


@settings(max_examples=150, deadline=None)
@given(
    conditions=st.lists(st.sampled_from(CONDITIONS), max_size=45),
    limited=st.booleans(),
    amount_minor=st.sampled_from([1_999, 2_000, 9_000]),
    currency=st.sampled_from([EUR, USD]),
)
def test_rules_match_together_as_they_do_one_by_one(
    *, conditions: list[str], limited: bool, amount_minor: int, currency: Currency
) -> None:
    more = 'mode = "test"' if limited else ""
    rules = live(
        "".join(rule(f"r{place}", text + "\n", '"stripe/us"', more) for place, text in enumerate(conditions))
    )
    request = asking(*ANYWHERE, amount_minor=amount_minor, currency=currency)
    errors: list[str] = []
    expected = None
    for one, condition in rules.rules:
        holds = condition.holds(facts_of(request))
        if isinstance(holds, ConditionError):
            errors.append(one.name)
        elif holds:
            expected = one.name
            break
    found = routed(request, ACCOUNTS, rules)
    assert isinstance(found.plan, RoutePlan)
    assert found.plan.rule == expected
    assert [error.rule for error in found.errors] == errors


def test_rules_nested_too_deeply_for_one_expression_still_match() -> None:
    assert ROUTING_FACTS.first_of(["true"] * 20) is not None
    assert ROUTING_FACTS.first_of([CONDITIONS[-1]] * 20) is None


def test_bare_token_without_default_goes_nowhere_by_a_rule() -> None:
    """It belongs to one account, and a rule does not say to which."""
    accounts = [one for one in ACCOUNTS if not (one.is_default and "card" in one.limits.payment_method_types)]
    rules = live(rule("eu", "true", '"stripe/eu"'))
    assert isinstance(routed(asking(choice(CARD)), accounts, rules).plan, NoRoute)
    assert places(routed(asking(choice(CARD, "eu")), accounts, rules).plan) == ["stripe/eu"]


def test_least_draw_does_not_fall_on_a_weight_of_zero() -> None:
    us, eu = (AccountName(STRIPE, PspAccount(name)) for name in ("us", "eu"))
    chosen = Chosen(rules_version=1, draw=0.0, rule="split", accounts=(us, eu), weights=(0, 1))
    assert places(plan_of(asking(*ANYWHERE), ACCOUNTS, chosen)) == ["stripe/eu", "stripe/us"]


def test_weight_counts_only_where_the_account_takes_the_charge() -> None:
    rules = live(rule("split", "true", '"stripe/us", "stripe/eu", "paypal/shop"', "weights = [10, 10, 1000]"))
    cards = ANYWHERE[:2]
    firsts = Counter(places(plan(asking(*cards, key=f"ch_{number}"), rules))[0] for number in range(600))
    assert 240 < firsts["stripe/us"] < 360
