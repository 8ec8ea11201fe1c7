"""Conditions in CEL, the Common Expression Language (cel.dev), over declared facts. Pure; the one module that knows the library.

A condition is checked against the types of the facts when it is compiled. Evaluated, it holds, does not hold, or errs: an error is
never taken for either.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from cel_expr_python import cel

FactType = Literal["bool", "int", "string", "strings", "string_map"]
"""What a fact can be: `strings` is a list, `string_map` has string keys and string values."""

CONDITION_CHARACTERS_MAX: Final = 1_000
LOOPS_MAX: Final = 1
"""Macros that loop over a list, in one condition: nested loops could take seconds, and a charge waits for its rules."""
PATTERNS_MAX: Final = 4
"""Regular expressions in one condition: each takes about 20 us, and in a loop over 50 keys a thousand times that."""

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
_PLACE: Final = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>.*)")


class ConditionFlaw(msgspec.Struct, frozen=True):
    """Why a text is no condition over the facts, and where: line and column from 1."""

    message: str
    line: int = 1
    column: int = 1


class ConditionError(msgspec.Struct, frozen=True):
    """Why a condition could not be evaluated for some facts, such as a key that a map lacks."""

    reason: str


class BoundFacts:
    """The facts of one case, for any number of conditions of the same `Facts`."""

    def __init__(self, activation: Any) -> None:
        self.activation = activation


class Condition:
    """A compiled condition."""

    def __init__(self, expression: Any) -> None:
        self._expression = expression

    def holds(self, facts: BoundFacts) -> bool | ConditionError:
        """Whether the condition holds for the facts."""
        try:
            result = self._expression.eval(facts.activation)
        except RuntimeError as error:  # a budget of the library is used up
            return ConditionError(_first_line(error))
        # The value of an error is its text, which is truthy: only the two booleans themselves count.
        value = result.value()
        if value is True or value is False:
            return bool(value)
        return ConditionError(str(value))


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
    """The facts that conditions may name, with their types."""

    def __init__(self, types: Mapping[str, FactType]) -> None:
        self._environment = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in types.items()})

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
        return Condition(expression)

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

    def bind(self, values: Mapping[str, object]) -> BoundFacts:
        """The values of every declared fact, ready for conditions."""
        return BoundFacts(self._environment.Activation(values))


def _flaw_of(error: RuntimeError) -> ConditionFlaw:
    found = _PLACE.search(str(error))
    if found is None:
        return ConditionFlaw(_first_line(error))
    message, _, _ = found["message"].partition(" expecting ")
    return ConditionFlaw(message.replace(" (in container '')", ""), int(found["line"]), int(found["column"]))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
