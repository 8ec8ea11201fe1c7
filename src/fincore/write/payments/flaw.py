"""What may be wrong with a request, and what no text of one may hold."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from fincore.domain.card_number import holds_card_number

NO_NUL: Final = r"^[^\u0000]*$"
"""What PostgreSQL can store, as a JSON schema says it."""

RequestFlaw = Literal[
    "card_number_not_allowed", "currency_unknown", "field_invalid", "field_missing", "text_not_storable"
]


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a request, and where: `param` is a dotted path. `detail` never repeats what was sent."""

    code: RequestFlaw
    param: str
    detail: str


def text_flaw(param: str, text: str) -> Flaw | None:
    """The first thing that is wrong with a text of a request; its length is checked before."""
    if holds_card_number(text):
        return Flaw(
            code="card_number_not_allowed",
            param=param,
            detail=f"{param} holds a card number. Send the token your PSP gave for the card, "
            "and keep card numbers out of every field.",
        )
    if "\0" in text:
        return Flaw(code="text_not_storable", param=param, detail=f"Remove the NUL character from {param}.")
    return None


def first_text_flaw(texts: Sequence[tuple[str, str]]) -> Flaw | None:
    """The first thing that is wrong with texts of a request, each with the dotted path to it."""
    # Nearly always nothing is: they are looked at together, apart by a character that no card number goes over.
    together = "|".join([text for _, text in texts])
    if not holds_card_number(together) and "\0" not in together:
        return None
    return next((flaw for param, text in texts if (flaw := text_flaw(param, text))), None)
