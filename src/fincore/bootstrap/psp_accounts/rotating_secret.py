"""Secrets that their store may replace while FinCore runs, and what reads them again."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.domain.secret import Secret

FlawOfText = Callable[[str], str | None]
"""What is wrong with a text as a secret, as the rest of a sentence; None where nothing shows."""


class RotatingStore(Protocol):
    """A store that keeps a secret's present version and the one before it. It may be asked from any thread."""

    def read(self, place: str) -> str:
        """The present version. Raises `SecretUnreadable`."""
        ...

    def read_previous(self, place: str) -> str | None:
        """The version before the present one; None where there is none. Raises `SecretUnreadable`."""
        ...


class RotatingSecret(Secret):
    """A secret that may become another text: what reveals it for each use follows a rotation."""

    __slots__ = ()

    def replace(self, value: str) -> None:
        """Be another text from now on."""
        self._value = value


class _Watched(NamedTuple):
    store: RotatingStore
    place: str
    present: RotatingSecret
    previous: RotatingSecret | None
    flaw_of: FlawOfText


class RotatingSecrets:
    """The rotating secrets of a process. A text that has a flaw, or cannot be read, never takes the place of one that works."""

    def __init__(self) -> None:
        self._watched: list[_Watched] = []

    def __len__(self) -> int:
        return len(self._watched)

    def watch(
        self, store: RotatingStore, place: str, flaw_of: FlawOfText, *, with_previous: bool
    ) -> tuple[RotatingSecret, ...]:
        """A secret as it is now, followed by its previous version where both count, and read again from now on.

        Where there is no previous version, or it has a flaw, the present one stands in its place. Raises `SecretUnreadable`.
        The flaws of the present one are the caller's to look at.
        """
        text = store.read(place)
        present = RotatingSecret(text)
        previous = RotatingSecret(_previous(store, place, flaw_of) or text) if with_previous else None
        self._watched.append(_Watched(store, place, present, previous, flaw_of))
        return (present,) if previous is None else (present, previous)

    def refresh(self) -> None:
        """Read every secret again. Raises `SecretUnreadable` at the end, where one could not be read or has a flaw; the others are new then."""
        failures: list[str] = []
        for one in self._watched:
            try:
                present, previous = _read_again(one)
            except SecretUnreadable as error:
                failures.append(str(error))
                continue
            one.present.replace(present)
            if one.previous is not None:
                one.previous.replace(previous or present)
        if failures:
            raise SecretUnreadable("; ".join(failures))


def _read_again(one: _Watched) -> tuple[str, str | None]:
    present = one.store.read(one.place)
    flaw = one.flaw_of(present)
    if flaw is not None:
        raise SecretUnreadable(f"the present version of {one.place} {flaw}")
    return present, None if one.previous is None else _previous(one.store, one.place, one.flaw_of)


def _previous(store: RotatingStore, place: str, flaw_of: FlawOfText) -> str | None:
    text = store.read_previous(place)
    return None if text is None or flaw_of(text) is not None else text
