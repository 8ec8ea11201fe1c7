"""What reading JSON of others raises where it cannot be read. Pure."""

from typing import Final

import msgspec

UNREADABLE_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Of msgspec: for what is not JSON of the type, for what is not UTF-8, and for what nests too deeply."""
