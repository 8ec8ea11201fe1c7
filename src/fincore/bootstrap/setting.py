"""One setting as it is declared and as an operator sees it. It knows no setting and reads none."""

from dataclasses import field, fields
from typing import Any, Final, NamedTuple, TypeVar, cast

from fincore.bootstrap.setting_values import Reader

T = TypeVar("T")
PREFIX: Final = "FINCORE_"
FILE_SUFFIX: Final = "_FILE"
_DECLARED: Final = "setting"


class Setting(NamedTuple):
    """A setting: its field in `Settings`, its name in the environment, its default as text, how it is read, its meaning.

    `is_secret`: it holds a password or a key. It is never shown, and may be given as a file: `{name}_FILE`.
    """

    field: str
    name: str
    default: str
    read: Reader[object]
    meaning: str
    is_secret: bool


def setting(read: Reader[T], meaning: str, *, default: str = "", is_secret: bool = False) -> T:
    """Declare a field of a dataclass to be a setting, of the type that its reader gives."""
    return cast("T", field(metadata={_DECLARED: (default, read, meaning, is_secret)}))


def settings_declared_in(declaring: type[Any]) -> tuple[Setting, ...]:
    """The settings that a dataclass declares, in its order."""
    return tuple(
        Setting(one.name, PREFIX + one.name.upper(), *one.metadata[_DECLARED]) for one in fields(declaring)
    )
