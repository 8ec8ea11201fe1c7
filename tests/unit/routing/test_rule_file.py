"""The file of routing rules: what it may say, and that every flaw is told with its line."""

import pytest

from fincore.domain.ids import new_merchant_id
from fincore.write.routing.plan import AccountName
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import Rule
from fincore.write.rules.rule_text import RuleFlaw
from fixtures.routing import ACCOUNTS

NAMES = tuple(AccountName(account.psp, account.name) for account in ACCOUNTS)
MERCHANT = new_merchant_id()
WHOLE = f"""
# Euros stay in Europe.
[[rule]]
name = "euro-cards"
when = 'currency == "eur" && payment_method_type == "card"'
accounts = ["stripe/eu", "stripe/us"]
weights = [90, 10]
merchants = ["{MERCHANT}"]
mode = "test"

[[rule]]
name = "rest"
when = "true"
accounts = ["stripe/us"]
"""


def flaws(text: str) -> list[str]:
    found = read_rules(text, NAMES)
    assert isinstance(found, list), found
    return [str(flaw) for flaw in found]


def rule(**changes: str) -> str:
    """One rule, of which some lines are different."""
    lines = {"name": '"a"', "when": '"true"', "accounts": '["stripe/us"]'} | changes
    return "[[rule]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items())


def test_rules_are_read_in_their_order_with_all_they_say() -> None:
    found = read_rules(WHOLE, NAMES)
    assert isinstance(found, tuple)
    assert [one.rule for one in found] == [
        Rule(
            name="euro-cards",
            when='currency == "eur" && payment_method_type == "card"',
            accounts=(NAMES[1], NAMES[0]),
            weights=(90, 10),
            merchants=(MERCHANT,),
            mode="test",
        ),
        Rule(name="rest", when="true", accounts=(NAMES[0],)),
    ]


def test_file_without_rules_is_one_of_no_rules() -> None:
    assert read_rules("# none\n", NAMES) == ()


def test_typo_in_a_condition_is_told_with_line_and_column() -> None:
    assert flaws(WHOLE.replace("currency ==", "curency ==")) == [
        "line 5: rule euro-cards, column 1 of the condition: undeclared reference to 'curency'"
    ]


def test_line_in_a_condition_of_several_lines_is_told() -> None:
    several = "'''\nlivemode\n  && amonut_minor > 1\n'''"
    assert flaws("\n" + rule(when=several)) == [
        "line 6: rule a, column 6 of the condition: undeclared reference to 'amonut_minor'"
    ]
    several = "'''livemode\n  && amonut_minor > 1'''"
    assert flaws(rule(when=several)) == [
        "line 4: rule a, column 6 of the condition: undeclared reference to 'amonut_minor'"
    ]


def test_every_flaw_of_a_file_is_told_at_once() -> None:
    text = rule(accounts='["stripe/moon"]') + "\n" + rule(name='"B"', when='"livemde"')
    assert flaws(text) == [
        f"line 1: rule a: the account stripe/moon is not configured; configured: {', '.join(map(str, NAMES))}",
        "line 5: rule B: a name has 1 to 60 lower-case letters, digits, hyphens and underscores",
        "line 7: rule B, column 1 of the condition: undeclared reference to 'livemde'",
    ]


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        (rule(accounts="[]"), "line 1: rule a: a rule names 1 to 10 accounts, such as stripe/eu"),
        (
            rule(accounts='["stripe"]'),
            "line 1: rule a: 'stripe' is no account: write psp/account, such as stripe/eu",
        ),
        (rule(accounts='["stripe/us", "stripe/us"]'), "line 1: rule a: an account is named twice"),
        (rule(weights="[1, 2]"), "line 1: rule a: weights stand beside accounts, one for each"),
        (
            rule(weights="[0]"),
            "line 1: rule a: weights are whole numbers from 0 to 1,000,000, at least one above 0",
        ),
        (
            rule(weights="[-1]"),
            "line 1: rule a: weights are whole numbers from 0 to 1,000,000, at least one above 0",
        ),
        (rule(merchants='["mer_x"]'), "line 1: rule a: 'mer_x' is not an id of the form mer_..."),
        (rule(mode='"both"'), "line 1: rule 1: Invalid enum value 'both' - at `$.mode`"),
        (rule(wen='"true"'), "line 1: rule 1: Object contains unknown field `wen`"),
        (rule() + "\n" + rule(), "line 5: there are two rules called a"),
        ("[rule]\nname = 'a'", "each rule begins with [[rule]], in two brackets"),
        ("rules = []", "'rules' means nothing here: each rule begins with [[rule]]"),
        ("x = ", "this is no TOML: Invalid value (at end of document)"),
        ("# 4242 4242 4242 4242", "the text holds a card number: it would be kept, so leave it out"),
        ("#" * 65_537, "the rules have at most 65,536 characters, and these 65,537"),
        ("x = " + "[" * 60_000, "this is no file of rules: it nests lists or tables too deeply"),
        (".".join("a" * 30_000) + " = 1", "this is no file of rules: a key has more than 32 parts"),
        (
            rule(weights=f"[{'9' * 5_000}]"),
            "this is no file of rules: it holds a number with thousands of digits",
        ),
        ((rule() + "\n") * 101, "there are at most 100 rules, and these are 101"),
    ],
)
def test_flaw_of_a_rule_is_a_sentence_with_its_line(text: str, flaw: str) -> None:
    assert flaws(text) == [flaw]


def test_rules_written_inline_are_refused_without_a_line() -> None:
    inline = 'rule = [{name = "a", when = "no", accounts = ["stripe/us"]}]'
    assert read_rules(inline, NAMES) == [
        RuleFlaw(None, "rule a, column 1 of the condition: undeclared reference to 'no'")
    ]


def test_stored_rules_may_name_accounts_that_are_gone() -> None:
    assert isinstance(read_rules(rule(accounts='["stripe/moon"]')), tuple)
