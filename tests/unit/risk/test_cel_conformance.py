"""Conditions mean what the specification of CEL says (github.com/google/cel-spec, doc/langdef.md), for all that rules may use."""

import pytest

from fincore.write.rules.cel import Condition, ConditionError, ConditionFlaw, Facts, UnknownFact

FACTS = Facts(
    {
        "n": "int",
        "text": "string",
        "flag": "bool",
        "words": "strings",
        "pairs": "string_map",
        "absent": "string",
    },
    has_lists=True,
)
VALUES: dict[str, object] = {
    "n": 7,
    "text": "naïve 😀",
    "flag": True,
    "words": ["a", "b", "b"],
    "pairs": {"key": "value", "a b": "spaced"},
}


def result(text: str) -> bool | UnknownFact | ConditionError:
    condition = FACTS.compile(text)
    assert isinstance(condition, Condition), condition
    return condition.holds_if_known(FACTS.bind(VALUES, frozenset({("names", "a")})))


@pytest.mark.parametrize(
    "text",
    [
        # integers: 64 bits, division toward zero, the sign of a remainder is that of the dividend
        "-7 / 2 == -3 && 7 / -2 == -3",
        "-7 % 3 == -1 && 7 % -3 == 1",
        "9223372036854775807 > 0 && -9223372036854775808 < 0",
        "0x1F == 31",
        "n - 10 < 0",
        # text: escapes, raw text, code points, order by code point
        r'"a\tb" == "a	b" && "\x41\u0042\U00000043\103" == "ABCC"',
        r'r"\d" == "\\d"',
        "'it' + \"'s\" == \"it's\"",
        'size(text) == 7 && text.endsWith("😀")',
        '"Z" < "a" && "a" < "ä"',
        'text.contains("ïv") && text.startsWith("na") && !text.startsWith("ï")',
        r'text.matches("^na.ve") && !"abc".matches("^b")',
        'matches("abc", "b")',
        # logic: errors and unknown values are absorbed by what decides alone, on either side
        "true || 1 / 0 > 0",
        "1 / 0 > 0 || true",
        "!(false && 1 / 0 > 0)",
        "!(1 / 0 > 0 && false)",
        'absent == "x" || true',
        '!(absent == "x" && false)',
        "flag ? true : 1 / 0 > 0",
        "false || !flag == false",
        "1 < 2 == true",
        # lists and maps
        '"a" in words && !("c" in words)',
        'words[0] == "a" && words.size() == 3',
        'pairs["a b"] == "spaced" && pairs.key == "value"',
        'has(pairs.key) && !has(pairs.other) && !("other" in pairs)',
        'words == ["a", "b", "b"] && words + ["c"] == ["a", "b", "b", "c"]',
        "[1, 2] != [2, 1] && {1: 2, 3: 4} == {3: 4, 1: 2}",
        # macros
        'words.all(w, w < "c") && words.size() > 0',
        'words.exists(w, w == "b")',
        '!words.exists_one(w, w == "b")',
        'words.filter(w, w == "b").size() == 2',
        'words.map(w, w + w) == ["aa", "bb", "bb"]',
        "[].all(x, false)",
        "![].exists(x, true)",
        "[0, 1].exists(x, 1 / x > 0)",
        "!([0, 1].all(x, 1 / x > 1))",
        # numbers of other types, conversions
        "1.5 < 2.5 && double(n) == 7.0 && int(7.9) == 7",
        'uint(n) == 7u && string(n) == "7" && int("-3") == -3',
        'type(n) == int && type("a") == string',
        'duration("90m") > duration("1h") && duration("1h").getMinutes() == 60',
        'timestamp("2026-11-26T12:30:00Z").getHours() == 12',
        # what staff ask of lists
        'in_list("names", words[0] == "a" ? text : text) == false',
        '["a"].exists(x, in_list("names", x))',
    ],
)
def test_condition_is_true_as_the_specification_says(text: str) -> None:
    assert result(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0 > 0",
        "1 % 0 > 0",
        "9223372036854775807 + n > 0",
        "-9223372036854775808 - n > 0",
        'pairs["other"] == ""',
        'words[3] == ""',
        'words[-1] == ""',
        'int("seven") == 7',
        "1 / 0 > 0 || false",
        "1 / 0 > 0 && true",
        "[1, 0].all(x, 1 / x > 0)",
        "{1: 1, 1: 2}.size() == 1",
        "uint(-n) > 0u",
        "int(1e30) > 0",
        'bool("perhaps")',
        'text.matches(pairs["key"] + "(")',
        "1 / 0 > 0 ? true : true",
        'words[n > 0 ? 9 : 0] == "a"',
    ],
)
def test_condition_errs_as_the_specification_says(text: str) -> None:
    assert isinstance(result(text), ConditionError)


@pytest.mark.parametrize(
    "text",
    [
        'absent == "x"',
        "!(absent == 'x')",
        'absent == "x" || false',
        'absent == "x" && true',
        "size(absent) > 0",
        "absent == text ? true : true",
        "absent in words",
        "words.exists(w, w == absent)",
        # what is unknown goes before what errs after it: known, it might decide alone
        'absent == "x" || 1 / 0 > 0',
    ],
)
def test_condition_on_an_unknown_fact_is_unknown(text: str) -> None:
    assert result(text) == UnknownFact("absent")


@pytest.mark.parametrize(
    "text",
    [
        "n == 7.0",
        "n == 7u",
        'n + "a" == "7a"',
        "n && true",
        "!n",
        "flag + flag == 2",
        'words == "a"',
        "n == null",
        "text in n",
        "n ? true : false",
        "true ? 1 : true",
        "1 < 2 < 3",
        "true &&",
        'text == "unended',
        "text.noSuch()",
        "n = 7",
        "not flag",
        "flag and true",
        "",
        "// nothing",
    ],
)
def test_condition_outside_the_types_is_refused(text: str) -> None:
    assert isinstance(FACTS.compile(text), ConditionFlaw)
