"""An effect that is scheduled with the change it follows from; `scheduled_effects.py` performs it."""

from typing import Literal

import msgspec

EffectKind = Literal[
    "decline_asynchronously",
    "dispute_charge",
    "expire_hold",
    "expire_session",
    "finish_report",
    "judge_dispute",
    "lapse_dispute",
    "pay_asynchronously",
    "pay_payout",
    "settle_refund",
]


class Effect(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happens to which object, and when: `at`, in unix seconds, or after the sandbox's effect delay."""

    kind: EffectKind
    object_id: str
    at: int | None = None
