"""What a disturbance is."""

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fixtures.system import System


class Disturbance(NamedTuple):
    """Something that goes wrong for a while. `happen` returns when it is over; the system may still be recovering.

    `unavailable`: why it cannot be made to happen on this machine, if it cannot.
    """

    name: str
    happen: Callable[[System, random.Random], Awaitable[None]]
    unavailable: str | None = None
