"""Setup tokens and payment tokens as PayPal shows them."""

import re

from psp_sandbox.paypal.records import Card, Payer, PaymentToken, SetupToken
from psp_sandbox.paypal.wire import Body, card_body, link, path_links, wallet_body

PAGE = "/agreements/approve"
"""The page on which the owner of a PayPal account agrees that it is kept."""
_PLAIN_NAME = re.compile(r"[A-Za-z ]+")
"""The vault shows no other names of cardholders."""


def setup_token_body(setup: SetupToken, public_url: str) -> Body:
    """A setup token, with the page to go to where its owner has to agree."""
    links = path_links(public_url, (f"/v3/vault/setup-tokens/{setup.id}", "self", "GET"))
    if setup.status == "PAYER_ACTION_REQUIRED":
        links.append(link(f"{public_url}{PAGE}?approval_session_id={setup.id}", "approve", "GET"))
    if setup.status == "APPROVED":
        links += path_links(public_url, ("/v3/vault/payment-tokens", "confirm", "POST"))
    return {
        "id": setup.id,
        "status": setup.status,
        "customer": {"id": setup.customer_id},
        "payment_source": _source(setup.card, setup.payer),
        "links": links,
    }


def payment_token_body(token: PaymentToken, public_url: str) -> Body:
    """A payment token."""
    path = f"/v3/vault/payment-tokens/{token.id}"
    return {
        "id": token.id,
        "customer": {"id": token.customer_id},
        "payment_source": _source(token.card, token.payer),
        "links": path_links(public_url, (path, "self", "GET"), (path, "delete", "DELETE")),
    }


def _source(card: Card | None, payer: Payer | None) -> Body:
    if card is not None:
        body = card_body(card)
        if not _PLAIN_NAME.fullmatch(card.name or ""):
            body.pop("name", None)
        return {"card": body}
    if payer is None:
        return {"paypal": {"usage_type": "MERCHANT"}}
    wallet = wallet_body(payer)
    wallet.pop("account_status")
    return {"paypal": {**wallet, "payer_id": payer.id, "usage_type": "MERCHANT"}}
