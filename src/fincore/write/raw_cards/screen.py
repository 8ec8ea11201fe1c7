"""The port for what looks at a charge before its card goes to a PSP."""

from typing import Final, Protocol

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.payment_method import CardInstrument

NO_ENGINE: Final = "no_engine"


class ScreenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a charge before a PSP has seen its card. `instrument` holds no number."""

    merchant_id: MerchantId
    livemode: bool
    money: Money
    customer_email: str | None
    instrument: CardInstrument


class Allowed(msgspec.Struct, frozen=True):
    """The charge may go on. `screened_by` is the engine that said so, for the record."""

    screened_by: str


class Screen(Protocol):
    """Looks at charges."""

    async def screen(self, request: ScreenRequest) -> Allowed:
        """Whether a charge may go on."""
        ...


class NoEngine:
    """A `Screen` where no risk engine is: it allows every charge, and the record says that none looked."""

    async def screen(self, _: ScreenRequest) -> Allowed:
        """Allow."""
        return Allowed(NO_ENGINE)
