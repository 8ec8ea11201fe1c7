"""The rules that the guide to risk shows are ones that FinCore takes, and they do what the guide says."""

from docs.markdown import code_blocks
from docs.printed import PROJECT
from fincore.write.risk.features import RISK_FACTS
from fincore.write.risk.rules import Case
from fixtures.risk import MERCHANT, NOON, rule_set

(RULES,) = (block.code for block in code_blocks(PROJECT / "docs/guides/risk.md") if block.language == "toml")
CASE = Case(MERCHANT, livemode=True, now=NOON, can_hold=True, can_challenge=True)
KNOWN = {
    "has_ip": True,
    "attempts_by_ip_10m": 11,
    "amount_minor": 100,
    "has_billing_country": True,
    "billing_country": "DE",
    "has_shipping_country": True,
    "shipping_country": "US",
    "metadata": {"verify": "yes"},
}


def test_risk_rules_of_the_guide_do_as_it_says() -> None:
    rules = rule_set(RULES)
    found = rules.decide(CASE, RISK_FACTS.bind(KNOWN, frozenset()))
    assert (found.decision, found.rule) == ("block", "card-testing")
    found = rules.decide(CASE, RISK_FACTS.bind({**KNOWN, "amount_minor": 50001}, frozenset()))
    assert (found.decision, [hit.rule for hit in found.hits]) == (
        "review",
        ["large-and-abroad", "merchant-asks"],
    )
    found = rules.decide(CASE, RISK_FACTS.bind({**KNOWN, "has_ip": False, "metadata": {}}, frozenset()))
    assert (found.decision, found.unknown, found.errors) == ("allow", (), ())
