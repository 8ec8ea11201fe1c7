"""What is still to come of an object: decided with the change it follows from, done by `aftermath.py`."""

from typing import Literal

import msgspec

LaterKind = Literal["dispute_charge", "expire_hold", "judge_dispute", "lapse_dispute", "settle_refund"]


class Later(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happens to which object, and when: `at`, in unix seconds, or after the sandbox's usual delay."""

    kind: LaterKind
    object_id: str
    at: int | None = None
