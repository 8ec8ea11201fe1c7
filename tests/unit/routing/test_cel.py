"""Conditions in CEL: what they may say, and that an error is neither true nor false."""

import pytest

from fincore.write.rules.cel import Condition, ConditionError, ConditionFlaw, Facts

FACTS = Facts(
    {"amount": "int", "currency": "string", "live": "bool", "types": "strings", "metadata": "string_map"}
)
VALUES: dict[str, object] = {
    "amount": 0,
    "currency": "eur",
    "live": True,
    "types": ["card", "paypal"],
    "metadata": {"tier": "gold"},
}


def holds(text: str) -> bool | ConditionError:
    condition = FACTS.compile(text)
    assert isinstance(condition, Condition), condition
    return condition.holds(FACTS.bind(VALUES))


@pytest.mark.parametrize(
    "text",
    [
        'currency == "eur" && amount < 1',
        "live",
        '"paypal" in types',
        'metadata.tier == "gold"',
        'types.exists(one, one.startsWith("pay"))',
        'currency.matches("^e.r$")',
        'metadata["no_such_key"] == "x" || live',
    ],
)
def test_condition_that_is_true_holds(text: str) -> None:
    assert holds(text) is True


@pytest.mark.parametrize("text", ["!live", "amount > 0", '"tier" in metadata && metadata.tier == "iron"'])
def test_condition_that_is_false_does_not_hold(text: str) -> None:
    assert holds(text) is False


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / amount > 0", "divide by zero"),
        ('metadata["no_such_key"] == "x"', "Key not found"),
        ('currency.matches("[")', "invalid regular expression"),
    ],
)
def test_condition_that_errs_does_neither(text: str, reason: str) -> None:
    result = holds(text)
    assert isinstance(result, ConditionError)
    assert reason in result.reason


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("amonut > 1", ConditionFlaw("undeclared reference to 'amonut'", 1, 1)),
        ("live &&\n  amonut > 1", ConditionFlaw("undeclared reference to 'amonut'", 2, 3)),
        (
            "amount == 'x'",
            ConditionFlaw("found no matching overload for '_==_' applied to '(int, string)'", 1, 8),
        ),
        ("live &&", ConditionFlaw("Syntax error: mismatched input '<EOF>'", 1, 8)),
        ("amount", ConditionFlaw("a condition is true or false, and this is of type INT")),
        ("now() > 1", ConditionFlaw("undeclared reference to 'now'", 1, 4)),
        (
            "types.all(a, types.all(b, a == b))",
            ConditionFlaw("a condition has at most one of all, exists, exists_one, map and filter"),
        ),
        (
            "types.// a\n all(a, types.all // b\n (b, a == b))",
            ConditionFlaw("a condition has at most one of all, exists, exists_one, map and filter"),
        ),
        (
            " || ".join(['currency.matches("a")'] * 5),
            ConditionFlaw(
                "a condition has at most 4 of matches, and none beside all, exists, exists_one, map and filter"
            ),
        ),
        (
            'types.exists(t, matches // a\n (t, "a"))',
            ConditionFlaw(
                "a condition has at most 4 of matches, and none beside all, exists, exists_one, map and filter"
            ),
        ),
        ("!" * 1_001, ConditionFlaw("a condition has at most 1,000 characters, and this has 1,001")),
    ],
)
def test_text_that_is_no_condition_is_refused_with_its_place(text: str, flaw: ConditionFlaw) -> None:
    assert FACTS.compile(text) == flaw
