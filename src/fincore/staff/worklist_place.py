"""Where in a list that a person works off, oldest first, a page ends: the next one goes on there, also where that row was dealt with. Pure."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from fincore.domain.errors import InvalidId
from fincore.domain.ids import ChargeId, parse_charge_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)  # what PostgreSQL tells apart
_DIGITS_MAX: Final = 17
_PART_CHARACTERS_MAX: Final = 64


class WorklistPlace(NamedTuple):
    """After the row that waits since `since`, is about the charge, and about this part of it."""

    since: datetime
    charge_id: ChargeId
    part: str


def place_text(since: datetime, charge_id: str, part: str) -> str:
    """A place as a cursor holds it: `1764249600000000:ch_...:1`."""
    return f"{(since - _EPOCH) // _MICROSECOND}:{charge_id}:{part}"


def parse_place(text: str) -> WorklistPlace:
    """A place that a cursor holds. Raises `InvalidId` for what can be none."""
    micros, _, rest = text.partition(":")
    charge, _, part = rest.partition(":")
    if (
        not (micros.isascii() and micros.isdecimal() and len(micros) <= _DIGITS_MAX)
        or not part.isascii()
        or (part and not part.isprintable())
        or len(part) > _PART_CHARACTERS_MAX
    ):
        raise InvalidId(text, "row")
    try:
        since = _EPOCH + int(micros) * _MICROSECOND
    except OverflowError:
        raise InvalidId(text, "row") from None
    return WorklistPlace(since, parse_charge_id(charge), part)


def short_part(text: str) -> str:
    """A part of any length and characters, such as an id of a PSP, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
