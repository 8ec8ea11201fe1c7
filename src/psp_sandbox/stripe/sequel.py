"""What follows a payment that succeeded: the next snapshots after a refund or a dispute moved. Pure data."""

import msgspec

from psp_sandbox.stripe.later import Later
from psp_sandbox.stripe.machine import Happened
from psp_sandbox.stripe.movements import Movement
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_refunds import Refund


class Sequel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changed, what to tell, and what is still to come of it. What is not named is as it was.

    `waits_on`: what was still to come before is still to come; otherwise `later` takes its place.
    """

    charge: Charge | None = None
    movement: Movement | None = None
    happened: tuple[Happened, ...]
    later: Later | None = None
    waits_on: bool = False


class RefundSequel(Sequel, frozen=True, kw_only=True, gc=False):
    """A refund moved."""

    refund: Refund


class DisputeSequel(Sequel, frozen=True, kw_only=True, gc=False):
    """A dispute moved."""

    dispute: Dispute
