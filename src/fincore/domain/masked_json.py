"""JSON of an unknown shape, for people to read: values that may be secret or about a person are masked. Pure."""

import re
from typing import Any, Final

import msgspec

from fincore.domain.card_number import without_card_numbers

MASK: Final = "[masked]"
TEXT_CHARACTERS_MAX: Final = 4_000
"""Of the JSON shown; the rest is left out."""
_SENSITIVE: Final = frozenset(
    {
        *(
            "account",
            "address",
            "authorization",
            "bin",
            "birth",
            "card",
            "credential",
            "cvc",
            "cvv",
            "description",
        ),
        *(
            "email",
            "expiry",
            "fingerprint",
            "holder",
            "iban",
            "ip",
            "key",
            "metadata",
            "method",
            "name",
            "nonce",
        ),
        *("number", "pan", "password", "phone", "pin", "secret", "ssn", "token", "url"),
    }
)
"""A field with one of these words in its name is masked whole."""
_EXACTLY_SAFE: Final = frozenset({"capture_method", "psp_account"})
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")


def masked_json(data: str) -> str:
    """The JSON of an event, shortened and masked; what is not JSON is left out whole."""
    try:
        fields = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return "(no JSON)"
    text = without_card_numbers(msgspec.json.encode(_masked(fields)).decode())
    return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[:TEXT_CHARACTERS_MAX]}..."


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            without_card_numbers(name): MASK if _is_sensitive(name) and each is not None else _masked(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return MASK if isinstance(value, str) and _EMAIL.search(value) else value


def _is_sensitive(name: str) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    return name not in _EXACTLY_SAFE and any(
        word.lower().removesuffix("s") in _SENSITIVE or word.lower() in _SENSITIVE for word in words
    )
