"""The facts of a charge that routing rules may name: what is known when it is accepted, and nothing that changes by itself. Pure.

The time is none of them: the same charge gets the same plan in a dry run a year later.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from fincore.domain.payment_method import payment_method_type
from fincore.write.routing.router import RouteRequest
from fincore.write.rules.cel import BoundFacts, Facts, FactType


class Fact(NamedTuple):
    """The type of a fact, and what it means."""

    type: FactType
    meaning: str


FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "amount_minor": Fact("int", "the amount in the currency's minor unit"),
        "currency": Fact("string", "the currency's code in lower case, such as `usd`"),
        "merchant_id": Fact("string", "the merchant, `mer_...`"),
        "livemode": Fact("bool", "whether the charge is for live money"),
        "capture_method": Fact("string", "`automatic` or `manual`"),
        "payment_method_type": Fact(
            "string",
            "the type of the payment method that the merchant prefers: `card`, `paypal`, `paypal_vault`, `hosted_card` or `kept_card`",
        ),
        "payment_method_types": Fact(
            "strings", "the types of all payment methods that the merchant offers, each once"
        ),
        "metadata": Fact(
            "string_map", 'the merchant\'s keys and values; test for a key with `"tier" in metadata`'
        ),
    }
)
"""Every fact by its name in conditions."""

ROUTING_FACTS: Final = Facts({name: fact.type for name, fact in FACTS.items()})


def facts_of(request: RouteRequest) -> BoundFacts:
    """The facts of one charge."""
    types = list(dict.fromkeys(payment_method_type(choice.payment_method) for choice in request.offered))
    return ROUTING_FACTS.bind(
        {
            "amount_minor": request.money.amount_minor,
            "currency": request.money.currency,
            "merchant_id": request.merchant_id,
            "livemode": request.livemode,
            "capture_method": request.capture_method,
            "payment_method_type": types[0],
            "payment_method_types": types,
            "metadata": dict(request.metadata),
        }
    )
