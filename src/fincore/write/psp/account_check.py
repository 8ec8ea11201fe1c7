"""What a PSP says of an account when it is asked: whether the credentials are right, and what they may do. Pure data."""

from typing import Literal

import msgspec

Permission = Literal[
    "take payments",
    "open payment pages",
    "refund",
    "read payments",
    "read refunds",
    "read disputes",
    "read fees",
]
"""What FinCore does at a PSP with an account."""


class AccountCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at an account found. `may`: what its credentials permit, as far as the PSP lets that be seen.

    `problems`: a sentence for each thing that is wrong, which says what to do and holds no secret; none where all is right.
    """

    may: tuple[Permission, ...] = ()
    problems: tuple[str, ...] = ()
