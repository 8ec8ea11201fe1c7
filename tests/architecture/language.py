"""The rules of our language, as functions from text to what breaks them. Pure; `test_language.py` applies them."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final, NamedTuple

TEST_NAME_CHARACTERS_MAX: Final = 60
TITLE_WORDS_MAX: Final = 6

RIDDLES: Final = frozenset({
    "whoever", "whatever", "wherever", "whose", "whom",
    "somebody", "someone", "somehow", "somewhere",
    "nobody", "anybody", "anyone", "everybody", "everyone",
})  # fmt: skip
"""Words that hide the actor. Name the client, the worker, the operator or the PSP instead."""
METAPHORS: Final = frozenset({
    "house", "room", "rooms", "door", "doors", "desk", "shelf", "shelves", "backstage", "theatre", "story", "stories",
})  # fmt: skip
"""Pictures that each reader resolves in another way. Name the package, the function or the table instead."""
REFUSED_WORDS: Final = RIDDLES | METAPHORS
REFUSED_IN_NAMES: Final = REFUSED_WORDS | {"aftermath", "agenda", "census", "lie", "lies"}

_WORD: Final = re.compile(r"[A-Za-z]+")
_TEST_NAME: Final = re.compile(r"test_[a-z0-9_]+")
_INLINE_CODE: Final = re.compile(r"`[^`\n]*`")
_LINK_TARGET: Final = re.compile(r"\]\([^)\s]*\)")
_LINK: Final = re.compile(r"\[([^\]\n]+)\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
_LINK_PATH: Final = re.compile(r"(?:[\w.-]+/)+[\w.-]+|[\w-]+\.(?:py|sql|md|toml)")
_NAMED_FILE: Final = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|sql|md|toml))`")


class Text(NamedTuple):
    """A string, a docstring or a comment of a module, and the line on which it begins."""

    line: int
    text: str


def refused_words(text: str) -> list[str]:
    """The refused words of a text, in order. Inline code and the targets of links are names, not prose."""
    prose = _LINK_TARGET.sub("]", _INLINE_CODE.sub("", text))
    return [word for word in _WORD.findall(prose) if word.lower() in REFUSED_WORDS]


def may_hold_refused_words(text: str) -> bool:
    """Whether a refused word stands in a text, code included; "history" holds none. Ten times faster than to parse a module."""
    lowered = text.lower()
    found = [word for word in REFUSED_WORDS if word in lowered]
    return any(re.search(rf"(?<![a-z]){word}(?![a-z])", lowered) for word in found)


def refused_parts(name: str) -> list[str]:
    """The refused words among the parts of a name in snake case."""
    return [part for part in name.lower().split("_") if part in REFUSED_IN_NAMES]


def flaws_of_test(name: str) -> list[str]:
    """What is wrong with the name of a test, one sentence for each flaw."""
    flaws = [f"{name}: names no actor or thing by {part!r}" for part in refused_parts(name)]
    if len(name) > TEST_NAME_CHARACTERS_MAX:
        flaws.append(f"{name}: has {len(name)} characters, at most {TEST_NAME_CHARACTERS_MAX}")
    if not _TEST_NAME.fullmatch(name):
        flaws.append(f"{name}: is not lower-case words joined by underscores")
    return flaws


def names_of_tests(source: str) -> list[str]:
    """The names of the tests that a module defines, at its top or in a class."""
    return list(_tests_among(ast.parse(source).body))


def _tests_among(statements: list[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test"):
                yield name
            case ast.ClassDef(body=body):
                yield from _tests_among(body)


def texts_in(source: str) -> Iterator[Text]:
    """All strings, docstrings and comments of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Text(node.lineno, node.value)
    yield from _comments_in(source)


def notes_in(source: str) -> Iterator[Text]:
    """The docstrings and comments of a module, without the strings that are data."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield Text(node.lineno, str(node.value.value))
    yield from _comments_in(source)


def _comments_in(source: str) -> Iterator[Text]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(token.start[0], token.string)


def is_long_title(title: str) -> bool:
    """Whether the title of a problem has more words than a line of a log can show beside the rest."""
    return len(title.split()) > TITLE_WORDS_MAX


def files_named_in(text: str) -> list[str]:
    """The names of files that stand in backticks."""
    return _NAMED_FILE.findall(text)


def misnamed_links(document: str) -> list[str]:
    """Links that show another path than the one to which they lead; a folder may lead to its `README.md`."""
    return [
        f"[{text}]({target})"
        for text, target in _LINK.findall(document)
        if _LINK_PATH.fullmatch(text.strip("`"))
        and not f"/{target.removesuffix('/README.md')}".endswith(f"/{text.strip('`')}")
    ]


def top_section(changelog: str) -> str:
    """The newest section of a changelog: from its first heading of the second level to the next one."""
    return re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
