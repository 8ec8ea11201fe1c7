"""A piece of work to do later, written in the same commit as the fact that calls for it."""

from typing import Literal

import msgspec

JobKind = Literal["charge.authorize", "charge.resolve", "webhook.interpret"]
"""What a worker is asked to do: call the PSP, find out an unknown outcome, read a stored webhook."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """`payload` is JSON that holds ids and never card data or secrets."""

    kind: JobKind
    payload: bytes
    delay_seconds: float = 0.0
