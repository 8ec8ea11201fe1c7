"""The next snapshots after a refund or a dispute of a charge moved. Pure data."""

import msgspec

from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.movements import Movement
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_refunds import Refund


class ChargeTransition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changed, which events to emit, and the effect to schedule. What is not named is as it was.

    `keeps_effect`: the effect that was scheduled before stays; otherwise `effect` replaces it.
    """

    charge: Charge | None = None
    movement: Movement | None = None
    events: tuple[NewEvent, ...]
    effect: Effect | None = None
    keeps_effect: bool = False


class RefundTransition(ChargeTransition, frozen=True, kw_only=True, gc=False):
    """A refund moved."""

    refund: Refund


class DisputeTransition(ChargeTransition, frozen=True, kw_only=True, gc=False):
    """A dispute moved."""

    dispute: Dispute
