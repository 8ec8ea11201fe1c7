"""The file of risk rules: what it may say, and that every flaw is told with its line and what to write instead."""

from datetime import UTC, datetime

import pytest

from fincore.domain.ids import new_merchant_id
from fincore.write.risk.rule_file import RULES_MAX, read_risk_rules
from fincore.write.risk.rules import Asked, RiskRule
from fincore.write.risk.store import ListName
from fincore.write.rules.rule_text import RuleFlaw
from fixtures.risk import LISTS, rule, rules_of

OTHER = new_merchant_id()
WHOLE = f"""
# Small first orders of many cards.
[[rules]]
name = "card-testing"
when = '''
  attempts_by_ip_1h > 20
    && !in_list("good_customers", customer_id)
'''
action = "review"
fallback = "block"
priority = 5
merchants = ["{OTHER}"]
mode = "live"
expires = 2027-01-31T00:00:00Z
reason = "a burst in May"
"""


def flaws(text: str) -> list[RuleFlaw]:
    found = read_risk_rules(text, LISTS)
    assert isinstance(found, list)
    return found


def test_rule_is_read_whole() -> None:
    (compiled,) = rules_of(WHOLE)
    assert compiled.rule == RiskRule(
        name="card-testing",
        when='  attempts_by_ip_1h > 20\n    && !in_list("good_customers", customer_id)\n',
        action="review",
        fallback="block",
        priority=5,
        merchants=(OTHER,),
        mode="live",
        expires=datetime(2027, 1, 31, tzinfo=UTC),
        reason="a burst in May",
    )
    assert compiled.facts == {"attempts_by_ip_1h", "customer_id"}
    assert compiled.asks == (Asked(ListName("good_customers"), "customer", "customer_id"),)


def test_rule_of_one_line_has_defaults() -> None:
    (compiled,) = rules_of(rule("a", "amount_minor > 5"))
    assert compiled.rule == RiskRule(name="a", when="amount_minor > 5", action="block")
    assert (compiled.rule.stage, compiled.rule.priority) == ("rules", 100)


def test_file_of_nothing_is_one_of_no_rules() -> None:
    assert read_risk_rules("# nothing yet", LISTS) == ()


def test_lists_that_were_checked_before_are_taken_as_they_are() -> None:
    found = read_risk_rules(rule("a", 'in_list("gone", email)'), None)
    assert isinstance(found, tuple)
    (compiled,) = found
    assert compiled.asks == (Asked(ListName("gone"), "email", "email"),)


@pytest.mark.parametrize(
    ("when", "line", "column", "message"),
    [
        ("amonut > 5", 1, 1, "undeclared reference to 'amonut'"),
        ("amount_minor > 5 &&\n  emial == ''", 2, 3, "undeclared reference to 'emial'"),
        ("attempts_by_ip_2h > 5", 1, 1, "undeclared reference"),
        ("amount_minor == email", 1, 14, "found no matching overload"),
        ("amount_minor + 1", 1, 1, "a condition is true or false, and this is of type INT"),
        ('true &&\n in_list("no_such", email)', 2, 9, "there is no list 'no_such'"),
        ('in_list("bad_ips", email)', 1, 8, "the list bad_ips holds values of kind ip"),
        ('in_list("bad_" + "ips", ip)', 1, 8, "takes the name of a list in quotes"),
        ('in_list(email, "bad_ips")', 1, 8, "takes the name of a list in quotes"),
        ('in_list("bad_ips", "192.0.2.1")', 1, 8, "takes the name of a list in quotes and a fact"),
        ('in_list("bad_ips", metadata["ip"])', 1, 8, "takes the name of a list in quotes and a fact"),
        ('metadata.exists(k, in_list("bad_ips", k))', 1, 27, "no list is of k"),
        ('in_list("bad_ips", user_agent)', 1, 8, "no list is of user_agent"),
        ('in_list("bad_ips")', 1, 8, "takes the name of a list in quotes and a fact"),
        ('email.matches("(")', 1, 14, "is no regular expression"),
        ('email.matches("(?=a)")', 1, 14, "is no regular expression"),
        ("email.matches(email)", 1, 14, "matches takes a regular expression in quotes"),
        ('["a"].exists(email, email == "a")', 1, 1, "a loop has the variable email"),
        ("has_ip &&\n distinct_cards_by_ip_1h > 250", 2, 26, "distinct_cards_by_ip_1h goes up to 250"),
    ],
)
def test_flaw_of_a_condition_is_told_with_its_place(when: str, line: int, column: int, message: str) -> None:
    (flaw,) = flaws(f"# a comment\n[[rules]]\nname = \"a\"\naction = \"block\"\nwhen = '''{when}'''\n")
    assert flaw.line == 4 + line
    assert f"column {column} of the condition: " in flaw.message
    assert message in flaw.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rule("A b"), "a name has 1 to 60"),
        (rule("a", action="decline"), "Invalid enum value 'decline'"),
        (rule("a", action="review"), "a review names its fallback"),
        (rule("a", action="challenge"), "a challenge names its fallback"),
        (rule("a", action="review", fallback="review"), "Invalid enum value 'review'"),
        (rule("a", action="block", fallback="allow"), "only a review or a challenge has a fallback"),
        (rule("a", action="allow", fallback="allow"), "only a review or a challenge has a fallback"),
        (rule("a", priority=-1), "a priority is a whole number from 0 to 1,000"),
        (rule("a", priority=1_001), "a priority is a whole number from 0 to 1,000"),
        (rule("a", priority="high"), "Expected `int`"),
        (rule("a", mode="both"), "Invalid enum value 'both'"),
        (rule("a", reason=""), "a reason has 1 to 500"),
        (rule("a", reason="x" * 501), "a reason has 1 to 500"),
        (rule("a", colour="red"), "unknown field `colour`"),
        (f"{rule('a')}expires = 2027-01-31T00:00:00", "expires names its time zone"),
        (f"{rule('a')}expires = 2027-01-31", "Expected `datetime"),
        (f"{rule('a')}merchants = ['mer_1']", "is not an id of the form mer_"),
        (rule("a", 'in_list("bad_ips", ip) && livemode', stage="block_lists"), "(it reads livemode)"),
        (rule("a", stage="block_lists"), "a rule of the stage block_lists asks a list with in_list"),
        (
            rule("a", 'in_list("bad_ips", ip)', "allow", stage="block_lists"),
            "a rule of the stage block_lists has the action block",
        ),
        (
            rule("a", 'in_list("bad_ips", ip)', "block", stage="allow_lists"),
            "a rule of the stage allow_lists has the action allow",
        ),
        (rule("a") + rule("a"), "there are two rules called a"),
        (rule("a", 'email == "4242424242424242"'), "the text holds a card number"),
        ("rule = 1", "each rule begins with [[rules]]"),
        ("[[rule]]\nname = 'a'", "each rule begins with [[rules]]"),
        ("rules = 1", "each rule begins with [[rules]], in two brackets"),
        ("rules = [1]", "Expected `object`"),
        ("[[rules", "this is no TOML"),
        (rule("a") * (RULES_MAX + 1), f"there are at most {RULES_MAX} rules"),
        ("#" * 524_289, "the rules have at most 524,288 characters"),
    ],
)
def test_flaw_of_a_file_is_told_in_words(text: str, message: str) -> None:
    assert any(message in flaw.message for flaw in flaws(text)), flaws(text)


NEVER_TOLD = "> 250", ">= 251", "< 251", "<= 250", "== 250", "!= 250", "== 9223372036854775807"
TOLD = "> 249", ">= 250", "< 250", "<= 249", "== 249", "!= 249", "> -1", "== -9223372036854775808"
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@pytest.mark.parametrize("comparison", [*NEVER_TOLD, *TOLD])
def test_count_of_cards_is_compared_with_what_it_reaches(comparison: str) -> None:
    operator, number = comparison.split()
    is_told = comparison in TOLD
    for when in (
        f"distinct_cards_by_ip_1h {comparison}",
        f"{number} {TURNED.get(operator, operator)} distinct_cards_by_ip_1h",
    ):
        assert isinstance(read_risk_rules(rule("a", when), LISTS), tuple) is is_told, when
    assert isinstance(read_risk_rules(rule("a", f"attempts_by_ip_1h {comparison}"), LISTS), tuple)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ('&& email == "ada@example.com"', "=="),
        ("|| amount_minor > 5", ">"),
        ("&& distinct_cards_by_email_1h > 5", ">"),
        ('|| "vip" in metadata', "in metadata"),
        ("? true : false", "?"),
        ('|| ["a"].exists(k, has_email)', "(k"),
    ],
)
def test_rule_of_a_list_stage_reads_lists_alone(more: str, place: str) -> None:
    when = f'in_list("bad_emails", email) {more}'
    (flaw,) = flaws(rule("a", when, stage="block_lists"))
    assert "reads nothing but in_list and has_" in flaw.message
    assert f"column {when.index(place) + 1} " in flaw.message
    assert isinstance(read_risk_rules(rule("a", when), LISTS), tuple)


def test_rule_of_a_list_stage_joins_lists() -> None:
    when = 'has_email && !in_list("good_customers", customer_id) && (in_list("bad_emails", email) || !has_ip)'
    assert len(rules_of(rule("a", when, stage="block_lists"))) == 1


def test_rules_that_were_saved_before_stay_usable() -> None:
    reading = rule("a", 'in_list("bad_emails", email) && livemode', stage="block_lists")
    assert isinstance(read_risk_rules(reading + rule("b", "distinct_cards_by_ip_1h > 250")), tuple)
    assert isinstance(read_risk_rules(f"{rule('a')}expires = 1999-01-31T00:00:00Z"), tuple)


def test_every_flaw_of_a_file_is_told_at_once() -> None:
    found = flaws(rule("a", "amonut > 1") + rule("b", action="review") + rule("c", priority=-1))
    assert [flaw.line for flaw in found] == [3, 5, 9]
    assert str(found[0]).startswith("line 3: rule a, column 1 of the condition")


def test_bounds_of_a_rule_are_taken() -> None:
    assert len(rules_of(rule("a", priority=0) + rule("b", priority=1_000, reason="x" * 500))) == 2
