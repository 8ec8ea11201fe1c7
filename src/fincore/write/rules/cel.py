"""Conditions in CEL, the Common Expression Language (cel.dev), over declared facts. Pure; the one module that knows the library.

A condition is checked against the types of the facts when it is compiled. Evaluated, it holds, does not hold, errs, or needs a
fact that is unknown: the last two are never taken for one of the first.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from cel_expr_python import cel

from fincore.write.rules.syntax import Call, Syntax, read_syntax

FactType = Literal["bool", "int", "string", "strings", "string_map"]
"""What a fact can be: `strings` is a list, `string_map` has string keys and string values."""

CONDITION_CHARACTERS_MAX: Final = 1_000
LOOPS_MAX: Final = 1
"""Macros that loop over a list, in one condition: nested loops could take seconds, and a charge waits for its rules."""
PATTERNS_MAX: Final = 4
"""Regular expressions in one condition: each takes about 20 us, and in a loop over 50 keys a thousand times that."""

IN_LIST: Final = "in_list"
"""The function that asks whether a list of staff holds a value."""

_TYPES: Final[Mapping[FactType, Any]] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "string": cel.Type.STRING,
    "strings": cel.Type.List(cel.Type.STRING),
    "string_map": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
}
_BLANK: Final = r"(?:\s|//[^\n]*\n)*"
_LOOP: Final = re.compile(rf"\.{_BLANK}(?:all|exists|exists_one|map|filter){_BLANK}\(")
"""A loop, with the blanks and comments that may stand inside."""
_PATTERN: Final = re.compile(rf"\bmatches{_BLANK}\(")
_UNKNOWN: Final = re.compile(r'UNKNOWN: No value with name "(?P<name>\w+)" found in Activation', re.ASCII)
_NOT_ASKED: Final = "the lists of staff were not read"
_PLACE: Final = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")


class ConditionFlaw(msgspec.Struct, frozen=True):
    """Why a text is no condition over the facts, and where: line and column from 1."""

    message: str
    line: int = 1
    column: int = 1


class ConditionError(msgspec.Struct, frozen=True):
    """Why a condition could not be evaluated for some facts, such as a key that a map lacks."""

    reason: str


class UnknownFact(msgspec.Struct, frozen=True):
    """The fact that a condition needs and that is unknown in this case; None where it is whether a list holds a value."""

    name: str | None


Entry = tuple[str, str]
"""The name of a list, and a value that it holds."""


class BoundFacts:
    """The facts of one case, for any number of conditions of the same `Facts`."""

    def __init__(
        self, activation: Any, entries: AbstractSet[Entry] | None, unanswered: AbstractSet[Entry]
    ) -> None:
        self.activation = activation
        self.entries = entries
        self.unanswered = unanswered


class _Lists:
    """What `in_list` answers. The library evaluates in the calling thread, so the entries are those of the case at hand."""

    def __init__(self) -> None:
        self.entries: AbstractSet[Entry] | None = None
        self.unanswered: AbstractSet[Entry] = frozenset()

    def holds(self, name: str, value: str) -> bool:
        if self.entries is None or (name, value) in self.unanswered:
            raise LookupError(_NOT_ASKED)
        return (name, value) in self.entries


class Condition:
    """A compiled condition."""

    def __init__(self, expression: Any, lists: _Lists) -> None:
        self._expression = expression
        self._lists = lists

    @cached_property
    def syntax(self) -> Syntax:
        """The names that the condition uses, and what it calls."""
        return read_syntax(self._expression.serialize())

    def holds(self, facts: BoundFacts) -> bool | ConditionError:
        """Whether the condition holds for the facts, all of which are known."""
        try:
            result = self._expression.eval(facts.activation)
        except RuntimeError as error:  # a budget of the library is used up
            return ConditionError(_first_line(error))
        # The value of an error is its text, which is truthy: only the two booleans themselves count.
        value = result.value()
        if value is True or value is False:
            return bool(value)
        return ConditionError(str(value))

    def holds_if_known(self, facts: BoundFacts) -> bool | UnknownFact | ConditionError:
        """Whether the condition holds for the facts, some of which may be unknown.

        What holds, or does not, with any value of an unknown fact is told: `has_ip && ip == "..."` does not hold without one.
        """
        self._lists.entries, self._lists.unanswered = facts.entries, facts.unanswered
        held = self.holds(facts)
        if isinstance(held, bool):
            return held
        unknown = _UNKNOWN.fullmatch(held.reason)
        if unknown is not None:
            return UnknownFact(unknown["name"])
        is_unanswered = facts.entries is None or bool(facts.unanswered)
        return UnknownFact(None) if is_unanswered and held.reason.endswith(_NOT_ASKED) else held


class AnyCondition:
    """Several conditions as one expression: it costs about as much as two of them."""

    def __init__(self, expression: Any, lists: _Lists) -> None:
        self._condition = Condition(expression, lists)

    def is_none(self, facts: BoundFacts) -> bool:
        """Whether it is certain that none of the conditions holds, errs, or needs an unknown fact."""
        return self._condition.holds_if_known(facts) is False


class FirstCondition:
    """Several conditions as one expression: it costs little more than one of them."""

    def __init__(self, expression: Any) -> None:
        self._expression = expression

    def of(self, facts: BoundFacts) -> int | ConditionError | None:
        """The place of the first condition that holds, from 0, or None. An error where one errs before any holds."""
        try:
            value = self._expression.eval(facts.activation).value()
        except RuntimeError as error:
            return ConditionError(_first_line(error))
        if type(value) is not int:
            return ConditionError(str(value))
        return None if value < 0 else value


class Facts:
    """The facts that conditions may name, with their types. `has_lists`: they may also ask `in_list("name", fact)`."""

    def __init__(self, types: Mapping[str, FactType], *, has_lists: bool = False) -> None:
        self._lists = _Lists()
        text, bool_type = cel.Type.STRING, cel.Type.BOOL
        in_list = cel.Overload("in_list_string", bool_type, [text, text], False, self._lists.holds)
        self._environment = cel.NewEnv(
            variables={name: _TYPES[kind] for name, kind in types.items()},
            functions=[cel.FunctionDecl(IN_LIST, [in_list])] if has_lists else [],
        )

    def compile(self, text: str) -> Condition | ConditionFlaw:
        """The condition that a text states, or why it states none."""
        if len(text) > CONDITION_CHARACTERS_MAX:
            return ConditionFlaw(
                f"a condition has at most {CONDITION_CHARACTERS_MAX:,} characters, and this has {len(text):,}"
            )
        loops, patterns = len(_LOOP.findall(text)), len(_PATTERN.findall(text))
        if loops > LOOPS_MAX:
            return ConditionFlaw("a condition has at most one of all, exists, exists_one, map and filter")
        if patterns > PATTERNS_MAX or (loops and patterns):
            return ConditionFlaw(
                f"a condition has at most {PATTERNS_MAX} of matches, and none beside all, exists, exists_one, map and filter"
            )
        try:
            expression = self._environment.compile(text)
        except RuntimeError as error:
            return _flaw_of(error)
        kind = expression.return_type()
        if kind != cel.Type.BOOL:
            return ConditionFlaw(f"a condition is true or false, and this is of type {kind.name()}")
        return Condition(expression, self._lists)

    def first_of(self, texts: Sequence[str]) -> FirstCondition | None:
        """Texts that each state a condition, as one expression; None where they are nested too deeply for one."""
        chain = "-1"
        for place, text in reversed(tuple(enumerate(texts))):
            chain = (
                f"({text}\n) ? {place} : {chain}"  # on a line of its own, as the text may end with a comment
            )
        try:
            return FirstCondition(self._environment.compile(chain))
        except RuntimeError:
            return None

    def any_of(self, texts: Sequence[str]) -> AnyCondition | None:
        """Texts that each state a condition, as one expression; None where they are too many for one."""
        try:
            return AnyCondition(
                self._environment.compile(" || ".join(f"({text}\n)" for text in texts)), self._lists
            )
        except RuntimeError:
            return None

    def bind(
        self,
        values: Mapping[str, object],
        entries: AbstractSet[Entry] | None = None,
        unanswered: AbstractSet[Entry] = frozenset(),
    ) -> BoundFacts:
        """The values of the declared facts, ready for conditions. One that is left out is unknown.

        `entries` are those of the asked entries of lists that are there; None where no list could be asked. Whether one of
        `unanswered` is there is unknown.
        """
        return BoundFacts(self._environment.Activation(values), entries, unanswered)

    def is_pattern(self, text: str) -> bool:
        """Whether a text is a regular expression of the library, RE2."""
        probe = self._environment.compile(f"''.matches({_quoted(text)})")
        return isinstance(Condition(probe, self._lists).holds(self.bind({})), bool)


def flaw_at(text: str, call: Call, message: str) -> ConditionFlaw:
    """A flaw at the place of a call in the text of its condition."""
    before = text[: call.place]
    return ConditionFlaw(message, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _quoted(text: str) -> str:
    return f'"{"".join(f"{chr(92)}U{ord(letter):08x}" for letter in text)}"'


def _flaw_of(error: RuntimeError) -> ConditionFlaw:
    found = _PLACE.search(str(error))
    if found is None:
        return ConditionFlaw(_first_line(error))
    message, _, _ = found["message"].partition(" expecting ")
    return ConditionFlaw(message.replace(" (in container '')", ""), int(found["line"]), int(found["column"]))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
