"""A file in which staff write rules: TOML, one table for each rule, and the lines that flaws are told by. Pure."""

import re
import tomllib
from typing import Final, NamedTuple

from fincore.domain.card_number import holds_card_number

KEY_PARTS_MAX: Final = 32
"""Parts of a key such as a.b.c: the parser's work grows with their square."""

RULE_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_\-]{0,58}[a-z0-9])?")
RULE_NAME_HINT: Final = "a name has 1 to 60 lower-case letters, digits, hyphens and underscores"

_PART: Final = r"[\w\-\"']++"
_LONG_KEY: Final = re.compile(
    rf"(?<![\w\-\"'])(?:{_PART}[ \t]*+\.[ \t]*+){{{KEY_PARTS_MAX}}}{_PART}", re.ASCII
)
_WHEN: Final = re.compile(r"\s*when\s*=\s*(?P<opening>'''|\"\"\")?(?P<rest>.*)")


class RuleFlaw(NamedTuple):
    """What is wrong with a file, and at which line, from 1, where that can be told."""

    line: int | None
    message: str

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


class RulePlace(NamedTuple):
    """The lines of a rule in the file: that of its header, and the first of its condition."""

    header: int | None = None
    condition: int | None = None


class RuleTable(NamedTuple):
    """A rule as TOML has it, not checked yet, and where it stands."""

    table: object
    place: RulePlace


def read_tables(
    text: str, header: str, *, characters_max: int, rules_max: int
) -> tuple[RuleTable, ...] | RuleFlaw:
    """The tables of the rules, each of which begins with `[[header]]`, or why the text as a whole holds none."""
    if len(text) > characters_max:
        return RuleFlaw(
            None, f"the rules have at most {characters_max:,} characters, and these {len(text):,}"
        )
    if holds_card_number(text):
        return RuleFlaw(None, "the text holds a card number: it would be kept, so leave it out")
    document = _parsed(text)
    if isinstance(document, RuleFlaw):
        return document
    unknown = sorted(document.keys() - {header})
    if unknown:
        return RuleFlaw(None, f"{unknown[0]!r} means nothing here: each rule begins with [[{header}]]")
    tables = document.get(header, [])
    if not isinstance(tables, list):
        return RuleFlaw(None, f"each rule begins with [[{header}]], in two brackets")
    if len(tables) > rules_max:
        return RuleFlaw(None, f"there are at most {rules_max} rules, and these are {len(tables)}")
    return tuple(map(RuleTable, tables, _places(text, header, len(tables))))


def _parsed(text: str) -> dict[str, object] | RuleFlaw:
    if _LONG_KEY.search(text):
        return RuleFlaw(None, f"this is no file of rules: a key has more than {KEY_PARTS_MAX} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        return RuleFlaw(None, "this is no file of rules: it nests lists or tables too deeply")
    except tomllib.TOMLDecodeError as error:
        return RuleFlaw(None, f"this is no TOML: {error}")
    except ValueError:
        return RuleFlaw(None, "this is no file of rules: it holds a number with thousands of digits")


def _places(text: str, header: str, count: int) -> list[RulePlace]:
    """The places of `count` rules; without lines where the text writes them in another way."""
    begins = re.compile(rf"\s*\[\[\s*{header}\s*\]\]")
    places: list[RulePlace] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if begins.match(line):
            places.append(RulePlace(number))
        elif places and places[-1].condition is None and (when := _WHEN.match(line)):
            # TOML leaves out a newline that follows three quotes at once.
            begins_below = bool(when["opening"]) and not when["rest"].strip()
            places[-1] = RulePlace(places[-1].header, number + begins_below)
    return places if len(places) == count else [RulePlace()] * count
