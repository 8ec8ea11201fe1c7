"""The currency of a request, as a merchant sends it, and what may be wrong with it. Pure."""

from typing import Annotated, Final

from msgspec import Meta

from fincore.domain.currency import ACTIVE_CURRENCIES, Currency, parse_currency
from fincore.write.payments.flaw import Flaw

CHARACTERS_MAX: Final = 64
"""Far more than a code has: a value sent by mistake is refused by its own error."""

SentCurrency = Annotated[
    str,
    Meta(
        max_length=CHARACTERS_MAX,
        description="ISO 4217 code of the currency. Upper case is accepted; answers are in lower case.",
        examples=["usd"],
        extra_json_schema={"enum": sorted(ACTIVE_CURRENCIES)},
    ),
]


def active_currency(sent: str) -> Currency | Flaw:
    """The currency in lower case, or what is wrong with it: no code, or one in which no new charge can be made."""
    currency = parse_currency(sent)
    if currency is not None and currency in ACTIVE_CURRENCIES:
        return currency
    return Flaw(
        code="currency_unknown",
        param="currency",
        detail="Send an ISO 4217 currency code, such as usd or eur."
        if currency is None
        else f"{currency.upper()} is no longer in use; send the currency that followed it.",
    )
