"""A card that an account can be paid with."""

import msgspec

from psp_sandbox.stripe.cards import Card
from psp_sandbox.stripe.wire import PaymentMethod


class StoredCard(msgspec.Struct, frozen=True, gc=False):
    """A payment method and the test card behind it. `is_detached`: its customer gave it up, and nothing can be paid with it."""

    method: PaymentMethod
    card: Card
    is_detached: bool = False
