"""What follows a payment that succeeded: the next snapshots after a refund moved. Pure data."""

from typing import Literal

import msgspec

from psp_sandbox.stripe.machine import Happened
from psp_sandbox.stripe.movements import Movement
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_refunds import Refund

Later = Literal["settle_refund"]
"""What the sandbox does by itself after a while; `aftermath.py` says how."""


class Sequel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changed, what to tell, and what is still to come of it. What is not named is as it was."""

    charge: Charge | None = None
    movement: Movement | None = None
    happened: tuple[Happened, ...]
    later: Later | None = None


class RefundSequel(Sequel, frozen=True, kw_only=True, gc=False):
    """A refund moved."""

    refund: Refund
