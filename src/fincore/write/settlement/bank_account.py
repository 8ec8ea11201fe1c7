"""What a bank account of ours may be called: the name is a part of the names of ledger accounts. Pure."""

import re
from typing import Final

BANK_ACCOUNT_CHARS_MAX: Final = 64
_BANK_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Without a colon, which joins the segments of such a name."""


def bank_account_flaw(name: str) -> str | None:
    """What is wrong with the name of a bank account, as the rest of a sentence; None where nothing is."""
    if _BANK_ACCOUNT.fullmatch(name):
        return None
    return (
        f"must have 1 to {BANK_ACCOUNT_CHARS_MAX} letters, digits, dots, hyphens and underscores: it is a part of the names "
        "of ledger accounts"
    )
