"""The addresses of the page on which a customer pays a checkout session. Pure: the word is given in.

The page's address is made once, with the session, and holds a word that nothing else tells: the id of a session alone leads
nowhere. The PSP sends the customer back to addresses below it.
"""

from typing import Final

from fincore.domain.ids import CheckoutSessionId
from fincore.domain.return_page import CANCELED

CHECKOUT_PATH: Final = "/checkout"
RETURNED: Final = "returned"
"""The last part of the address for a customer who comes back from the PSP's page; `CANCELED` for one who left it unpaid."""
SESSION_PARAMETER: Final = "checkout_session"


def checkout_page(public_url: str, session_id: CheckoutSessionId, word: str) -> str:
    """The address of a session's page; `public_url` is where customers reach this installation."""
    return f"{public_url}{CHECKOUT_PATH}/{session_id}/{word}"


def after_psp_page(page: str) -> tuple[str, str]:
    """Where a PSP sends the customer after they paid on its page, and after they left it without paying."""
    return f"{page}/{RETURNED}", f"{page}/{CANCELED}"


def success_address(success_url: str, session_id: CheckoutSessionId) -> str:
    """The merchant's page for a customer who paid. It names the session, and nothing that a shop might take for a proof."""
    joint = "&" if "?" in success_url else "?"
    return f"{success_url}{joint}{SESSION_PARAMETER}={session_id}"
