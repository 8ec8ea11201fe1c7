"""At which account a browser makes a token: by rule, else the default, past open breakers, and never at one without its key."""

from collections.abc import Mapping

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.write.psp.account import BrowserAccess
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.browser_methods import BrowserOffer, BrowserRequest, IsOpen, browser_offer
from fincore.write.routing.plan import AccountName
from fincore.write.routing.router import NoRoute
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules
from fixtures.routing import ACCESSES, ACCOUNTS, EUR, MERCHANT, PAYPAL, STRIPE, USD, stripe


def live(text: str) -> LiveRules:
    rules = read_rules(text)
    assert isinstance(rules, tuple), rules
    return LiveRules(7, rules)


EU_FIRST = live(
    """
[[rule]]
name = "cards"
when = 'payment_method_types == ["card"]'
accounts = ["stripe/eu", "stripe/us"]
"""
)


def asked(
    *,
    amount_minor: int = 1_999,
    currency: Currency = USD,
    livemode: bool = False,
    rules: LiveRules | None = None,
    accesses: Mapping[AccountName, BrowserAccess] = ACCESSES,
    is_open: IsOpen = lambda _psp, _account: False,
    key: str = "req_1",
) -> BrowserOffer | NoRoute:
    request = BrowserRequest(
        key=key, merchant_id=MERCHANT, livemode=livemode, money=Money(amount_minor, currency)
    )
    return browser_offer(request, AccountRouter(ACCOUNTS, lambda: rules), ACCOUNTS, accesses, is_open)


def places(offer: BrowserOffer | NoRoute) -> list[str]:
    assert isinstance(offer, BrowserOffer), offer
    return [f"{one.type}: {one.psp}/{one.account}" for one in offer.methods]


def without(*names: AccountName) -> dict[AccountName, BrowserAccess]:
    return {name: access for name, access in ACCESSES.items() if name not in names}


US, EU, SHOP = (AccountName(psp, name) for psp, name in ((STRIPE, "us"), (STRIPE, "eu"), (PAYPAL, "shop")))  # type: ignore[arg-type]


def test_without_rules_each_type_is_made_at_its_default_account() -> None:
    offer = asked()
    assert places(offer) == ["card: stripe/us", "paypal: paypal/shop"]
    assert isinstance(offer, BrowserOffer)
    assert offer.rules_version is None
    assert [one.access for one in offer.methods] == [ACCESSES[US], ACCESSES[SHOP]]


def test_rule_chooses_the_account_of_a_browser_token() -> None:
    offer = asked(rules=EU_FIRST)
    assert places(offer) == ["card: stripe/eu", "paypal: paypal/shop"]
    assert isinstance(offer, BrowserOffer)
    assert offer.rules_version == 7


def test_weights_are_drawn_among_accounts_with_a_browser_key() -> None:
    drawn = live(
        '[[rule]]\nname = "half"\nwhen = "true"\naccounts = ["stripe/us", "stripe/eu"]\nweights = [50, 50]\n'
    )
    seen = {places(asked(rules=drawn, key=f"req_{n}"))[0] for n in range(40)}
    assert seen == {"card: stripe/us", "card: stripe/eu"}
    alone = {places(asked(rules=drawn, key=f"req_{n}", accesses=without(EU)))[0] for n in range(40)}
    assert alone == {"card: stripe/us"}


def test_account_without_a_browser_key_offers_no_tokens() -> None:
    assert places(asked(accesses=without(US))) == ["paypal: paypal/shop"]
    assert places(asked(accesses=without(EU), rules=EU_FIRST))[0] == "card: stripe/us"
    assert asked(accesses={}) == NoRoute(
        "payment_method_not_taken", "No account for test mode offers browsers a payment method."
    )


def test_open_breaker_diverts_to_the_next_account_of_the_rule() -> None:
    assert places(asked(rules=EU_FIRST, is_open=lambda psp, name: (psp, name) == EU))[0] == "card: stripe/us"


def test_open_breakers_everywhere_leave_the_first_account() -> None:
    assert places(asked(rules=EU_FIRST, is_open=lambda _psp, _name: True))[0] == "card: stripe/eu"
    assert places(asked(is_open=lambda _psp, _name: True))[0] == "card: stripe/us"


def test_open_default_is_not_left_for_an_account_no_rule_names() -> None:
    assert places(asked(is_open=lambda psp, name: (psp, name) == US))[0] == "card: stripe/us"


def test_amount_or_currency_no_account_takes_is_told() -> None:
    assert places(asked(currency=EUR)) == ["card: stripe/us"]
    refused = asked(currency=Currency("kwd"))
    assert isinstance(refused, NoRoute)
    assert refused.code == "currency_not_supported"
    too_much = asked(amount_minor=999_999_999)
    assert isinstance(too_much, NoRoute)
    assert too_much.code == "amount_too_large"


def test_other_mode_sees_its_own_accounts_only() -> None:
    assert places(asked(livemode=True)) == ["card: stripe/live"]


def test_default_account_is_found_among_many() -> None:
    """A plan has three attempts at most; the default must be among them."""
    others = tuple(stripe(f"other{n}") for n in range(4))
    accounts = (*others, stripe("main", is_default=True))
    accesses = {AccountName(one.psp, one.name): ACCESSES[US] for one in accounts}
    request = BrowserRequest(key="req_1", merchant_id=MERCHANT, livemode=False, money=Money(1_999, USD))
    offer = browser_offer(
        request, AccountRouter(accounts), accounts, accesses, is_open=lambda _psp, _account: False
    )
    assert places(offer) == ["card: stripe/main"]
