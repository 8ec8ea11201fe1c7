"""Cursors: where in a list the next page begins. They hold all there is to know, so that nothing is kept. Pure."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Protocol, TypeVar

from fincore.domain.errors import InvalidId
from fincore.http.problems import Problem

CURSOR_PATTERN: Final = r"^[A-Za-z0-9_\-]{40,64}$"
"""What a cursor looks like, as a JSON schema says it."""
_CHECK_BYTES: Final = 4

Id = TypeVar("Id")


class ListOwner(Protocol):
    """In which lists a cursor leads on: those of a merchant in a mode, or others that have a name of their own."""

    @property
    def merchant_id(self) -> str: ...
    @property
    def livemode(self) -> bool: ...


def cursor_after(last_id: str, owner: ListOwner) -> str:
    """The cursor to what comes after something in its owner's list; `last_id` as clients see it, `ch_...`."""
    place = last_id.encode()
    return urlsafe_b64encode(place + _check(place, owner)).rstrip(b"=").decode()


def read_cursor(cursor: str, owner: ListOwner, parse_id: Callable[[str], Id]) -> Id:
    """The id a cursor stands after. Raises `cursor_invalid` for one that we did not make for this owner and mode.

    `parse_id` raises `InvalidId` for the ids of other lists. The check finds cursors that were cut, retyped or mixed
    up. It is no secret: every list is limited to what its caller may see, for any cursor.
    """
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
        last_id = place.decode("ascii")
        if check != _check(place, owner) or cursor_after(last_id, owner) != cursor:
            raise Problem("cursor_invalid", param="cursor")
        return parse_id(last_id)
    except (Base64Error, ValueError, InvalidId):
        raise Problem("cursor_invalid", param="cursor") from None


def _check(place: bytes, owner: ListOwner) -> bytes:
    mode = b"live" if owner.livemode else b"test"
    return sha256(b"\n".join((owner.merchant_id.encode(), mode, place))).digest()[:_CHECK_BYTES]
