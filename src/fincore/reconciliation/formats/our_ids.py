"""Which text of a file is an id of ours: only what has its shape is kept, so that no merchant's own text enters our tables. Pure."""

from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""The base 32 of TypeID 0.3, in which ids spell their UUID."""
_SUFFIX_CHARACTERS: Final = 26
_LENGTH: Final = len("ch_") + _SUFFIX_CHARACTERS


def is_charge_id(text: str) -> bool:
    """Whether a text has the shape of a charge's id, `ch_...`."""
    return text.startswith("ch_") and _is_spelled(text)


def is_refund_id(text: str) -> bool:
    """Whether a text has the shape of a refund's id, `re_...`."""
    return text.startswith("re_") and _is_spelled(text)


def is_our_id(text: str) -> bool:
    """Whether a text has the shape of either."""
    return text.startswith(("ch_", "re_")) and _is_spelled(text)


def _is_spelled(text: str) -> bool:
    # The first of 26 digits holds three bits of the 128, so that it is at most 7.
    return len(text) == _LENGTH and text[3] <= "7" and not text[3:].strip(_ALPHABET)
