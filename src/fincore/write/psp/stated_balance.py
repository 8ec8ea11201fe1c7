"""What a PSP says that it holds for us on an account when it is asked. Pure data."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.currency import Currency

_NOTHING: Final[Mapping[Currency, int]] = MappingProxyType({})


class StatedBalance(msgspec.Struct, frozen=True, kw_only=True):
    """`amounts`: all that the PSP holds for us by currency in minor units, what it has put aside or not made available yet included.

    `as_of`: the PSP's time of it, None where it is that of the answer. `problem`: a sentence why nothing could be read, which says what to
    do and holds no secret; then there are no amounts.
    """

    amounts: Mapping[Currency, int] = _NOTHING
    as_of: datetime | None = None
    problem: str | None = None
