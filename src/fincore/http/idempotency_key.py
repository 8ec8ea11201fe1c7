"""The `Idempotency-Key` header, and the fingerprint that two requests with one key must share.

The header is the IETF draft draft-ietf-httpapi-idempotency-key-header: a structured-field String (RFC 8941), quoted.
A bare token is taken too, as most payment APIs do, unless it holds a space, a comma or a double quote: those would make it a
list, or be lost on the way.
"""

import re
from hashlib import sha256
from typing import Final

import msgspec

from fincore.domain.card_number import holds_card_number

KEY_CHARACTERS_MAX: Final = 255
_BARE: Final = rf"[!#-+\--~]{{1,{KEY_CHARACTERS_MAX}}}"  # printable, without space, quote and comma
_QUOTED: Final = rf'"(?:[ !#-\[\]-~]|\\["\\]){{1,{KEY_CHARACTERS_MAX}}}"'
KEY_HEADER_PATTERN: Final = f"^(?:{_BARE}|{_QUOTED})$"
"""What the header may look like, as a JSON schema says it."""
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_HEADER: Final = re.compile(f"{_BARE}|{_QUOTED}", re.ASCII)
_ESCAPED: Final = re.compile(r'\\(["\\])')


def read_key(header: str) -> str | None:
    """The key a header holds; None unless it is 1 to 255 printable ASCII characters and no card number."""
    if not _HEADER.fullmatch(header):
        return None
    key = _ESCAPED.sub(r"\1", header[1:-1]) if header.startswith('"') else header
    return None if holds_card_number(key) else key


def fingerprint_of(method: str, path: str, request: msgspec.Struct) -> bytes:
    """What two requests with one key must have in common. Spacing, order and letter case of the currency may differ."""
    return sha256(b"%s %s\n%s" % (method.encode(), path.encode(), _ENCODER.encode(request))).digest()
