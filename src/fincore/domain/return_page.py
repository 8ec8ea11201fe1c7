"""The page of ours to which PayPal sends the customer back, and from where they go on to the merchant's.

The page's address is made once, with the charge, and holds a word that nothing else tells: the id of a charge alone leads
nowhere. What the PSP or the customer appends to it is not read.
"""

import base64
import hashlib
import secrets
from typing import Final, NamedTuple

from fincore.domain.ids import ChargeId
from fincore.domain.payment_method import CardToken, HostedCard, KeptCard, PaymentMethod, UntokenisedCard

PATH: Final = "/return"
CANCELED: Final = "canceled"
"""The last part of the address for a customer who did not approve."""
APPROVALS_PATH: Final = "/approvals"
"""Where fincore.js learns what a customer is to approve in the merchant's page, and tells that they did."""
WORD_BYTES: Final = 18


class Pages(NamedTuple):
    """Where a PSP sends the customer after approving, and after refusing to."""

    return_url: str | None
    cancel_url: str | None


def new_word() -> str:
    """A word that cannot be guessed: 144 random bits as 24 characters that a URL may hold."""
    return secrets.token_urlsafe(WORD_BYTES)


def is_approved_by_customer(method: PaymentMethod) -> bool:
    """Whether the customer may have to approve on the PSP's page, and the PSP then waits to be told to go on.

    A page for a card, the bank's or the PSP's own, is none: the PSP goes on by itself.
    """
    return not isinstance(method, CardToken | HostedCard | UntokenisedCard | KeptCard)


def return_page(public_url: str, charge_id: ChargeId, word: str) -> str:
    """The address of a charge's page; `public_url` is where customers reach this installation."""
    return f"{public_url}{PATH}/{charge_id}/{word}"


def pages_of(
    method: PaymentMethod, page: str | None, *, return_url: str | None, cancel_url: str | None
) -> Pages:
    """The addresses to tell a PSP: of our page where an approval has to be completed, else those that the merchant named."""
    if page is not None and is_approved_by_customer(method):
        return Pages(page, f"{page}/{CANCELED}")
    return Pages(return_url, cancel_url)


def approval_url(method: PaymentMethod, page: str | None) -> str | None:
    """Where fincore.js has the customer approve, for the merchant to know; None where they do not approve at a wallet.

    Its word follows from the page's, and does not tell it.
    """
    if page is None or not is_approved_by_customer(method):
        return None
    charge_page, _, word = page.rpartition("/")
    public_url, _, charge_id = charge_page.rpartition(f"{PATH}/")
    return f"{public_url}{APPROVALS_PATH}/{charge_id}/{approval_word(word)}"


def approval_word(word: str) -> str:
    """The word in the address of an approval, of the word in the address of the charge's page."""
    digest = hashlib.blake2b(word.encode(), digest_size=WORD_BYTES, person=b"approval")
    return base64.urlsafe_b64encode(digest.digest()).decode()


def word_of(page: str) -> str:
    """The word in the address of a page."""
    return page.rpartition("/")[2]
