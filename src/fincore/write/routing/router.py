"""The port that every router fits by shape: from what is known of a charge before it exists to an account, or a refusal."""

from typing import Literal, Protocol

import msgspec

from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName


class RouteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a route may depend on."""

    merchant_id: MerchantId
    livemode: bool
    money: Money


class Route(msgspec.Struct, frozen=True):
    """The account at a PSP that a charge goes to. It is written with the charge, and followed by the worker."""

    psp: PspName
    psp_account: PspAccount


class NoRoute(msgspec.Struct, frozen=True):
    """No account takes the charge. `detail` says why, where there is more to say than the code."""

    code: Literal[
        "amount_not_expressible",
        "amount_too_large",
        "amount_too_small",
        "currency_not_supported",
        "psp_not_configured",
    ]
    detail: str | None = None


class Router(Protocol):
    """Decides routes. Pure: the same request gets the same route for as long as the router is the same."""

    def route(self, request: RouteRequest) -> Route | NoRoute:
        """The account that the charge goes to."""
        ...
