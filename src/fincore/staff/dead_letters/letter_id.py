"""The id of a dead letter as staff see it: since when it is held, and its job. A job that is held again has another id. Pure."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import UTC, datetime, timedelta
from typing import Final

from fincore.backoffice.dead_letters import Letter, LetterPlace, place_of
from fincore.domain.errors import InvalidId

PATTERN: Final = r"^dl_[0-9]{1,16}_[A-Za-z0-9_\-]{1,270}$"
_SHAPE: Final = re.compile(r"dl_([0-9]{1,16})_([A-Za-z0-9_-]{1,270})", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def letter_id_of(letter: Letter) -> str:
    """The id of a dead letter, `dl_...`: microseconds since 1970, and the id of its job in base64."""
    job_id = urlsafe_b64encode(letter.job_id.encode()).rstrip(b"=").decode()
    return f"dl_{(letter.held_at - _EPOCH) // _MICROSECOND}_{job_id}"


def parse_letter_id(text: str) -> LetterPlace:
    """The dead letter that an id names. Raises `InvalidId`."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise InvalidId(text, "dl")
    try:
        job_id = urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4)).decode()
    except (Base64Error, ValueError):
        raise InvalidId(text, "dl") from None
    return place_of(_EPOCH + int(match[1]) * _MICROSECOND, job_id)
