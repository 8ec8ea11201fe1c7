"""Secrets by reference, and the port by which they are read: `env:NAME`, `file:/path`, `aws-secret:NAME`, one store for each scheme."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

import msgspec

from fincore.bootstrap.psp_accounts.rotating_secret import FlawOfText, RotatingSecrets, RotatingStore
from fincore.bootstrap.secret_file import SecretUnreadable, secret_in
from fincore.domain.secret import Secret

REFERENCE_CHARACTERS_MAX: Final = 1_024
_NAME: Final = r"[A-Za-z0-9_+=.@-]+(?:/[A-Za-z0-9_+=.@-]+)+"
_PLACES: Final = MappingProxyType(
    {
        # In capitals only, and not ours: a secret written here by mistake is no name, and is never repeated.
        "env": re.compile(r"(?!FINCORE_)[A-Z_][A-Z0-9_]*"),
        "file": re.compile(r"/[^\0]+"),
        # With a slash, for the same reason.
        "aws-secret": re.compile(
            rf"(?:arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:)?{_NAME}(?:#[A-Za-z0-9_.-]+)?"
        ),
    }
)
"""What may follow the colon, by scheme."""
ALLOWED: Final = (
    "env:NAME (in capitals, and without FINCORE_ at its beginning), file:/path (from the root) or "
    "aws-secret:NAME (with a slash in it, or an ARN; #KEY after it for one value of a JSON object)"
)

SCHEMES: Final = frozenset(_PLACES)
AWS_SCHEME: Final = "aws-secret"


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
    """Reads secrets by reference, from the stores of the schemes. Secrets in the stores `rotating` may change while FinCore runs."""

    def __init__(
        self, stores: Mapping[str, SecretStore], rotating: Mapping[str, Callable[[], RotatingStore]]
    ) -> None:
        self._stores = stores
        self._openers = rotating
        self._rotating: dict[str, RotatingStore] = {}
        self.watched = RotatingSecrets()

    def read(self, reference: SecretReference, flaw_of: FlawOfText = lambda _: None) -> Secret:
        """The secret; one that rotates is another text after a rotation, unless `flaw_of` finds that wrong. Raises `SecretUnreadable`."""
        if reference.scheme in self._openers:
            (present,) = self.watched.watch(
                self._store(reference.scheme), reference.place, flaw_of, with_previous=False
            )
            return present
        return Secret(self._stores[reference.scheme].read(reference.place))

    def read_accepted(self, reference: SecretReference, flaw_of: FlawOfText) -> tuple[Secret, ...]:
        """The versions of a secret that a sender may have used: of one that rotates, the one before the present one, too."""
        if reference.scheme in self._openers:
            return self.watched.watch(
                self._store(reference.scheme), reference.place, flaw_of, with_previous=True
            )
        return (self.read(reference),)

    def _store(self, scheme: str) -> RotatingStore:
        if scheme not in self._rotating:
            self._rotating[scheme] = self._openers[scheme]()
        return self._rotating[scheme]


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


def parse_reference(text: str) -> SecretReference | None:
    """A reference to a secret; None for a text that is none, which may be the secret itself: do not repeat it."""
    scheme, _, place = text.partition(":")
    allowed = _PLACES.get(scheme)
    if allowed is None or len(text) > REFERENCE_CHARACTERS_MAX or not allowed.fullmatch(place):
        return None
    return SecretReference(scheme, place)
