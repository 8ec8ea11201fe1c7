"""Metadata: keys and values of a merchant's own on a charge or a refund."""

import re
from typing import Annotated, Final

from msgspec import Meta

from fincore.write.payments.flaw import NO_NUL, Flaw, first_text_flaw, text_flaw

METADATA_PAIRS_MAX: Final = 50
METADATA_KEY_CHARACTERS_MAX: Final = 40
METADATA_VALUE_CHARACTERS_MAX: Final = 500

_KEY: Final = rf"^[^\[\]\u0000]{{1,{METADATA_KEY_CHARACTERS_MAX}}}$"
_IS_KEY: Final = re.compile(_KEY.strip("^$"))

_Value = Annotated[
    str, Meta(extra_json_schema={"maxLength": METADATA_VALUE_CHARACTERS_MAX, "pattern": NO_NUL})
]
Metadata = Annotated[
    dict[str, _Value],
    Meta(
        max_length=METADATA_PAIRS_MAX,
        description="Your own keys and values.",
        examples=[{"order_id": "6735"}],
        extra_json_schema={"propertyNames": {"pattern": _KEY}},
    ),
]


def metadata_flaw(metadata: dict[str, str]) -> Flaw | None:
    """The first thing that is wrong with metadata, lengths before content. Keys come first: what follows names a value by its key."""
    for key in metadata:
        if not _IS_KEY.fullmatch(key):
            return Flaw(
                code="field_invalid",
                param="metadata",
                detail=f"A metadata key must have 1 to {METADATA_KEY_CHARACTERS_MAX} characters and no [, ] or NUL.",
            )
    texts: list[tuple[str, str]] = []
    for key, value in metadata.items():
        texts += (("metadata", key), (f"metadata.{key}", value))  # a key is named by its place in `metadata`
        if len(value) > METADATA_VALUE_CHARACTERS_MAX:
            return text_flaw("metadata", key) or Flaw(
                code="field_invalid",
                param=f"metadata.{key}",
                detail=f"A metadata value may have {METADATA_VALUE_CHARACTERS_MAX} characters at most.",
            )
    return first_text_flaw(texts) if texts else None
