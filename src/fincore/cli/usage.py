"""A command line that is wrong, as one sentence: what is wrong with it, and where to read what is right."""

from collections.abc import Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal, get_args, get_origin

from cyclopts import Argument, CycloptsError
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
    ValidationError,
)

from fincore.domain.errors import UsageError

PROGRAM: Final = "fincore"
QUOTED_CHARACTERS_MAX: Final = 60
"""Of what was typed; the rest is left out."""
_KINDS: Final = MappingProxyType(
    {
        "int": "a whole number",
        "float": "a number",
        "bool": "yes or no",
        "date": "a day such as 2026-10-31",
        "Path": "the name of a file",
    }
)


def require_text(arguments: Sequence[str]) -> None:
    """Raise `UsageError` for an argument that is not text in the encoding of the terminal."""
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"argument {place} is not text in UTF-8: {argument.encode(errors='replace')[:100]!r}"
            ) from None


def usage_sentence(error: CycloptsError) -> str:
    """What is wrong with a command line, and the command that prints its help."""
    command = " ".join((PROGRAM, *(error.command_chain or ())))
    return f"{_fault(error, command).rstrip('.')}; see `{command} --help`"


def _fault(error: CycloptsError, command: str) -> str:
    match error:
        case UnknownCommandError():
            typed = (error.unused_tokens or [""])[0]
            offered = [name for name in (error.app or ()) if not name.startswith("-")]
            return f"`{command}` has no command {_quoted(typed)}{_perhaps(typed, offered)}"
        case UnknownOptionError():
            typed = error.token.keyword or error.token.value
            offered = [name for argument in error.argument_collection for name in argument.names]
            return f"`{command}` has no option {_quoted(typed)}{_perhaps(typed, offered)}"
        case UnusedCliTokensError():
            return f"{_quoted((error.unused_tokens or [''])[0])} is one argument too many for `{command}`"
        case MissingArgumentError(argument=Argument() as argument):
            if error.keyword:
                return f"{error.keyword} needs a value"
            return f"`{command}` needs {_name(argument)}"
        case RepeatArgumentError():
            return f"{error.token.keyword} is given more than once"
        case CoercionError(argument=Argument() as argument) if error.token is not None:
            return f"{_quoted(error.token.value)} is not {_kind(error)}, which {_name(argument)} must be"
        case ValidationError(argument=Argument() as argument):
            typed = argument.tokens[0].value if argument.tokens else ""
            rule = error.exception_message.replace(">=", "at least").replace("<=", "at most")
            return f"{_name(argument)} {rule[:1].lower()}{rule[1:].rstrip('.')}, and {_quoted(typed)} is not"
        case _:
            return " ".join(str(error).split())


def _name(argument: Argument) -> str:
    """An argument as the help calls it."""
    return argument.name if argument.index is None else argument.name.lstrip("-").upper()


def _kind(error: CoercionError) -> str:
    wanted = error.target_type
    if get_origin(wanted) is Literal:
        *others, last = map(str, get_args(wanted))
        return f"{', '.join(others)} or {last}"
    name = getattr(wanted, "__name__", str(wanted))
    return _KINDS.get(name, f"a {name}")


def _quoted(typed: str) -> str:
    shown = typed if len(typed) <= QUOTED_CHARACTERS_MAX else f"{typed[:QUOTED_CHARACTERS_MAX]}..."
    return f"{shown!r}"


def _perhaps(typed: str, offered: list[str]) -> str:
    (meant,) = get_close_matches(typed, offered, n=1) or ("",)
    return (
        f" (did you mean {meant}?)" if meant else f": it has {', '.join(sorted(offered))}" if offered else ""
    )
