"""Rules that try to take the time or the memory of a charge: each is refused in words, or its evaluation ends with a clear result.

The work is bounded by counts, which are what is asserted: no clock is read.
"""

import pytest

from fincore.write.risk.features import RISK_FACTS
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rules import Case, RuleSet, Verdict
from fincore.write.rules.cel import CONDITION_CHARACTERS_MAX, Condition
from fixtures.risk import LISTS, MERCHANT, NOON

CASE = Case(MERCHANT, livemode=False, now=NOON, can_hold=True, can_challenge=True)
METADATA = {f"key{number}": "v" * 500 for number in range(50)}
"""As much metadata as a merchant may send."""


def refusal(when: str) -> str:
    found = read_risk_rules(f"[[rules]]\nname = 'a'\naction = 'block'\nwhen = '''{when}'''\n", LISTS)
    assert isinstance(found, list), "the rule was taken"
    return found[0].message


def evaluated(when: str, **facts: object) -> Verdict:
    found = read_risk_rules(f"[[rules]]\nname = 'a'\naction = 'block'\nwhen = '''{when}'''\n", LISTS)
    assert isinstance(found, tuple), found
    return RuleSet(1, found).decide(CASE, RISK_FACTS.bind(facts, frozenset()))


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("metadata.exists(k, metadata.exists(j, metadata.exists(i, i == j)))", "at most one of all, exists"),
        ("metadata.map(k, k).map(j, j).size() > 0", "at most one of all, exists"),
        ("metadata.map\n(k, metadata .all // x\n(j, true)).size() > 0", "at most one of all, exists"),
        ('metadata.all(k, k.matches("a+"))', "at most 4 of matches, and none beside"),
        (" || ".join(['email.matches("a")'] * 5), "at most 4 of matches"),
        (f'email == "{"a" * CONDITION_CHARACTERS_MAX}"', "a condition has at most 1,000 characters"),
        ("(" * 400 + "true" + ")" * 400, "recursion"),
        ("[" * 100 + "]" * 100 + " == []", "recursion"),
        ("1+" * 400 + "1 == amount_minor", "recursion"),
        ("amount_minor == 9223372036854775808", "invalid int literal"),
        ("amount_minor == -9223372036854775809", "invalid int literal"),
        ('email.matches("(((a{1,100}){1,100}){1,100})")', "is no regular expression"),
        ('email.matches("a{1001}")', "is no regular expression"),
        ('email.matches(metadata["a"])', "matches takes a regular expression in quotes"),
        ("email.matches(email)", "matches takes a regular expression in quotes"),
        ("\0", "this is no TOML"),
        ('"%d".format([amount_minor]) == "1"', "undeclared reference to 'format'"),
        ("cel.bind(x, amount_minor, x > 2)", "undeclared reference"),
        ("google.protobuf.Int64Value{value: 1} == 1 || nothing", "undeclared reference"),
    ],
)
def test_hostile_condition_is_refused_in_words(when: str, message: str) -> None:
    assert message in refusal(when)


@pytest.mark.parametrize(
    ("when", "facts", "reason"),
    [
        ("amount_minor + 1 > 0", {"amount_minor": 2**63 - 1}, "integer overflow"),
        ("amount_minor * 4 > 0", {"amount_minor": 2**62}, "integer overflow"),
        ("-amount_minor > 0", {"amount_minor": -(2**63)}, "integer overflow"),
        ("amount_minor > 0", {"amount_minor": 2**63}, "int too big"),
        ("amount_minor % 0 > 0", {"amount_minor": 1}, "modulus by zero"),
        ('int(metadata["a"]) > 0', {"metadata": {"a": "9" * 400}}, "cannot convert string to int"),
        ('metadata["a"] == "x"', {"metadata": {}}, "Key not found"),
        (
            'duration(metadata["a"]) > duration("1s")',
            {"metadata": {"a": "long"}},
            "Duration conversion failed",
        ),
        (
            'timestamp(metadata["a"]).getHours() > 1',
            {"metadata": {"a": "soon"}},
            "Timestamp conversion failed",
        ),
        ('dyn(amount_minor) + dyn("a") == 1', {"amount_minor": 1}, "No matching overloads"),
    ],
)
def test_evaluation_that_fails_is_an_error_with_its_reason(
    when: str, facts: dict[str, object], reason: str
) -> None:
    found = evaluated(when, **facts)
    assert (found.decision, found.hits) == ("allow", ())
    assert [(error.rule, reason in error.reason) for error in found.errors] == [("a", True)], found.errors


@pytest.mark.parametrize(
    "when",
    [
        'email.matches("(a*)*(a*)*b") || email.matches("(a|aa)+$") && false',
        'metadata.exists(k, (metadata[k] + metadata[k] + metadata[k] + metadata[k]).contains("w"))',
        "metadata.map(k, metadata[k] + metadata[k]).size() > 50",
        "!" * 900 + "false",
    ],
)
def test_costly_condition_that_is_allowed_ends(when: str) -> None:
    assert evaluated(when, email="a" * 500, metadata=METADATA) == Verdict()


def test_loop_beyond_the_budget_of_the_library_is_an_error() -> None:
    found = evaluated("metadata.all(k, true)", metadata={str(number): "" for number in range(20_000)})
    assert (found.decision, found.hits) == ("allow", ())
    assert "Iteration budget exceeded" in found.errors[0].reason


def test_customers_text_is_never_read_as_a_condition() -> None:
    text = "' || true || '"
    assert evaluated('email == "x"', email=text) == Verdict()
    spoof = 'UNKNOWN: No value with name "email" found in Activation'
    found = evaluated(
        f"metadata['{spoof}'] == 'x'".replace("'", '"').replace(f'"{spoof}"', "email"),
        email=spoof,
        metadata={},
    )
    assert (found.unknown, len(found.errors)) == ((), 1)


def test_condition_of_every_fact_can_be_compiled() -> None:
    for name in ("amount_minor", "has_email", "attempts_by_ip_1h", "distinct_cards_by_bin_7d"):
        assert isinstance(RISK_FACTS.compile(f"{name} == {name}"), Condition)
