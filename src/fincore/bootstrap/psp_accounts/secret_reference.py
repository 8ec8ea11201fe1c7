"""Secrets by reference, and the port by which they are read: `env:NAME`, `file:/path`, one store for each scheme."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from fincore.bootstrap.secret_file import SecretUnreadable, secret_in
from fincore.domain.secret import Secret

REFERENCE_CHARACTERS_MAX: Final = 1_024
_PLACES: Final = MappingProxyType(
    {
        # In capitals only, and not ours: a secret written here by mistake is no name, and is never repeated.
        "env": re.compile(r"(?!FINCORE_)[A-Z_][A-Z0-9_]*"),
        "file": re.compile(r"/[^\0]+"),
    }
)
"""What may follow the colon, by scheme."""
ALLOWED: Final = "env:NAME (in capitals, and without FINCORE_ at its beginning) or file:/path (from the root)"


SCHEMES: Final = frozenset(_PLACES)


class SecretReference(msgspec.Struct, frozen=True):
    """Where a secret is. As text it is `{scheme}:{place}`."""

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"


class SecretStore(Protocol):
    """Where the secrets of one scheme are."""

    def read(self, place: str) -> str:
        """The secret as it is kept there. Raises `SecretUnreadable`."""
        ...


class SecretResolver:
    """Reads secrets by reference, from the stores of the schemes."""

    def __init__(self, stores: Mapping[str, SecretStore]) -> None:
        self._stores = stores

    def read(self, reference: SecretReference) -> Secret:
        """The secret. Raises `SecretUnreadable`."""
        return Secret(self._stores[reference.scheme].read(reference.place))


class EnvironmentSecrets:
    """The secrets in the environment of this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def read(self, place: str) -> str:
        """The value of a variable, without the white space around it."""
        text = self._environment.get(place, "").strip()
        if not text:
            raise SecretUnreadable(f"the environment variable {place} is not set")
        return text


class FileSecrets:
    """The secrets in files of their own."""

    def read(self, place: str) -> str:
        """What a file holds, without the white space around it."""
        return secret_in(Path(place))


def secret_resolver(environment: Mapping[str, str]) -> SecretResolver:
    """The resolver of every scheme that a reference may have."""
    return SecretResolver({"env": EnvironmentSecrets(environment), "file": FileSecrets()})


def parse_reference(text: str) -> SecretReference | None:
    """A reference to a secret; None for a text that is none, which may be the secret itself: do not repeat it."""
    scheme, _, place = text.partition(":")
    allowed = _PLACES.get(scheme)
    if allowed is None or len(text) > REFERENCE_CHARACTERS_MAX or not allowed.fullmatch(place):
        return None
    return SecretReference(scheme, place)
