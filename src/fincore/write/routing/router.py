"""The port that every router fits by shape: from what is known of a charge before it exists to a plan, or a refusal."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from fincore.domain.events import CaptureMethod
from fincore.domain.ids import MerchantId
from fincore.domain.money import Money
from fincore.domain.route_plan import PaymentMethodChoice, RoutePlan


class RouteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan may depend on. `key` is the charge's: what weights are drawn by.

    `offered` are the payment methods that the merchant offers, the preferred one first; at least one.
    """

    key: str
    merchant_id: MerchantId
    livemode: bool
    money: Money
    capture_method: CaptureMethod
    offered: tuple[PaymentMethodChoice, ...]
    metadata: Mapping[str, str] = {}


class NoRoute(msgspec.Struct, frozen=True):
    """No account takes the charge. `detail` says why, where there is more to say than the code.

    `offered` is the place of the payment method at fault among those that were offered, where it is one of them.
    """

    code: Literal[
        "account_unknown",
        "amount_not_expressible",
        "amount_too_large",
        "amount_too_small",
        "currency_not_supported",
        "payment_method_not_taken",
        "psp_not_configured",
    ]
    detail: str | None = None
    offered: int | None = None


class Router(Protocol):
    """Decides plans. The same request gets the same plan for as long as accounts and rules are the same."""

    def route(self, request: RouteRequest) -> RoutePlan | NoRoute:
        """The accounts that may carry the charge, in order."""
        ...
