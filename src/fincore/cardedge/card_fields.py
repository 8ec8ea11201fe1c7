"""The fields of a card by its number, as merchants send them. Pure."""

from typing import Annotated, Final

from msgspec import Meta

from fincore.domain.card_number import holds_card_number
from fincore.write.payments.flaw import Flaw, text_flaw

NUMBER_CHARACTERS_MAX: Final = 19
HOLDER_CHARACTERS_MAX: Final = 120

Number = Annotated[
    str,
    Meta(
        max_length=NUMBER_CHARACTERS_MAX,
        description="The card number: digits only.",
        examples=["4242424242424242"],
    ),
]
ExpiryMonth = Annotated[
    int, Meta(ge=1, le=12, description="The month in which the card expires, from 1.", examples=[12])
]
ExpiryYear = Annotated[
    int,
    Meta(
        ge=2000,
        le=2199,
        description="The year in which it expires, with four digits. It counts to the end of the month, and one day more.",
        examples=[2034],
    ),
]
Holder = Annotated[
    str, Meta(max_length=HOLDER_CHARACTERS_MAX, description="The name on the card.", examples=["Ada Byron"])
]


def holder_flaw(holder: str | None, param: str) -> Flaw | None:
    """What is wrong with a name on a card; `param` is the path to it."""
    if holder is None:
        return None
    if holds_card_number(holder):
        return Flaw(code="field_invalid", param=param, detail="The name on the card holds a card number.")
    return text_flaw(param, holder)
