"""The rules that the guide to routing shows are ones that FinCore takes, and they do what the guide says."""

from docs.markdown import code_blocks
from docs.printed import PROJECT
from fincore.domain.payment_method import CardToken
from fincore.write.routing.plan import AccountName
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules, routed
from fixtures.routing import ACCOUNTS, EUR, WALLET, asking, choice, places

(RULES,) = (
    block.code for block in code_blocks(PROJECT / "docs/guides/routing.md") if block.language == "toml"
)


def test_rules_of_the_guide_route_as_it_says() -> None:
    rules = read_rules(RULES, [AccountName(account.psp, account.name) for account in ACCOUNTS])
    assert isinstance(rules, tuple), rules
    live = LiveRules(1, rules)
    cards = (choice(CardToken("pm_1"), "us"), choice(CardToken("pm_2"), "eu"))
    orders = {tuple(places(routed(asking(*cards, currency=EUR), ACCOUNTS, live).plan)) for _ in range(100)}
    assert orders == {("stripe/eu", "stripe/us"), ("stripe/us", "stripe/eu")}
    gold = routed(asking(choice(WALLET), metadata={"tier": "gold"}), ACCOUNTS, live)
    assert places(gold.plan) == ["paypal/outlet", "paypal/shop"]
    other = routed(asking(choice(WALLET)), ACCOUNTS, live)
    assert (places(other.plan), other.errors) == (["paypal/shop"], ())
