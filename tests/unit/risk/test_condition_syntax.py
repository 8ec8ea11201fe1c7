"""What a condition names and calls, as read from how the library writes it down."""

import pytest

from fincore.write.rules.cel import Condition, Facts
from fincore.write.rules.syntax import Call, Name, Syntax, read_syntax

FACTS = Facts(
    {"n": "int", "email": "string", "ip": "string", "known": "bool", "m": "string_map", "l": "strings"},
    has_lists=True,
)


def syntax(text: str) -> Syntax:
    condition = FACTS.compile(text)
    assert isinstance(condition, Condition), condition
    return condition.syntax


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("true", set()),
        ("n > 3 && known", {"n", "known"}),
        (".ip == email", {"ip", "email"}),
        ('m["a"] == email', {"m", "email"}),
        ("has(m.email)", {"m"}),
        ('m.email == "x" // ip', {"m"}),
        ('"ip" == "email"', set()),
        ("known ? n > 1 : l.size() > 2", {"known", "n", "l"}),
        ("n in [1, 2, n]", {"n"}),
        ('{"a": n}.a > 2 || {email: 1}.size() > 0', {"n", "email"}),
        ("l.exists(x, x == email)", {"l", "email"}),
        ("[1.5].exists(x, x < 2.5) || n == -9223372036854775808", {"n"}),
    ],
)
def test_names_of_a_condition_are_those_it_reads(text: str, names: set[str]) -> None:
    assert syntax(text).names & {"n", "email", "ip", "known", "m", "l"} == names


def test_variables_of_loops_are_told_apart() -> None:
    found = syntax("l.exists(email, email == ip)")
    assert ("email" in found.loop_variables, "ip" in found.names) == (True, True)
    assert "email" not in found.names


def test_calls_are_found_at_any_depth() -> None:
    found = syntax('!(n > 3 ? in_list("é", ip) : in_list("b",\n email)) && l.all(x, x.startsWith("a"))')
    assert {call for call in found.calls if call.function == "in_list"} == {
        Call("in_list", ("é", Name("ip")), 17),
        Call("in_list", ("b", Name("email")), 36),
    }
    assert [call.arguments for call in found.calls if call.function == "startsWith"] == [(Name("x"), "a")]


def test_argument_that_is_neither_text_nor_name_is_none() -> None:
    found = syntax('in_list("a" + "b", m["x"])')
    assert [call.arguments for call in found.calls if call.function == "in_list"] == [(None, None)]


@pytest.mark.parametrize("damaged", [b"\x13", b"\xff" * 12])
def test_what_is_no_protocol_buffer_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="no protocol buffer"):
        read_syntax(damaged)
