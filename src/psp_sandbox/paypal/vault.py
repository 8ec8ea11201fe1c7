"""The vault: setup tokens and payment tokens, made, shown, listed, deleted."""

from datetime import UTC, datetime
from math import ceil
from typing import Annotated

import msgspec
from msgspec import Meta

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.messages import Response
from psp_sandbox.paypal import cards, vault_machine
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.change import Change
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import PaymentToken, SetupToken
from psp_sandbox.paypal.requests import KeepSource, read, read_query
from psp_sandbox.paypal.wire import path_links
from psp_sandbox.paypal.wire_vault import payment_token_body


class ListTokens(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v3/vault/payment-tokens."""

    customer_id: Annotated[str, Meta(min_length=7, max_length=36, pattern="^[0-9a-zA-Z_-]+$")]
    page_size: Annotated[int, Meta(ge=1, le=50)] = 5
    page: Annotated[int, Meta(ge=1)] = 1
    total_required: bool = False


def create_setup_token(call: Call) -> str:
    """POST /v3/vault/setup-tokens. A card is approved at once, a PayPal account by its owner."""
    given = _asked(call)
    card, wallet = given.payment_source.card, given.payment_source.paypal
    if card is None and wallet is None:
        raise Refusal("MISSING_REQUIRED_PARAMETER", field="/payment_source")
    context = None if wallet is None else wallet.experience_context
    setup = SetupToken(
        id=new_paypal_id(),
        account=call.account,
        customer_id=given.customer.id or new_paypal_id(),
        status="PAYER_ACTION_REQUIRED" if card is None else "APPROVED",
        created_at=call.store.now(),
        return_url=None if context is None else context.return_url,
        cancel_url=None if context is None else context.cancel_url,
        brand_name=None if context is None else context.brand_name,
    )
    if card is not None:
        kept = cards.kept_card(card, today=datetime.fromtimestamp(call.store.now(), UTC).date())
        setup = msgspec.structs.replace(setup, card=kept, instrument=cards.instrument_of(card))
    call.store.apply(Change(records=(setup,)))
    return setup.id


def show_setup_token(call: Call) -> str:
    """GET /v3/vault/setup-tokens/{id}."""
    return _setup(call, call.named).id


def create_payment_token(call: Call) -> str:
    """POST /v3/vault/payment-tokens: of a setup token that was approved, or of a card."""
    given = _asked(call)
    card, named, now = given.payment_source.card, given.payment_source.token, call.store.now()
    if named is not None:
        setup = _setup(call, named.id)
        if setup.status != "APPROVED":
            used_up = setup.status == "VAULTED"
            raise Refusal(
                "TOKEN_ALREADY_VAULTED" if used_up else "TOKEN_NOT_APPROVED", field="/payment_source/token/id"
            )
        token = vault_machine.of_setup(setup, new_paypal_id().lower(), now=now)
        call.store.apply(vault_machine.made(token, setup))
        return token.id
    if card is None:
        raise Refusal("MISSING_REQUIRED_PARAMETER", field="/payment_source")
    token = PaymentToken(
        id=new_paypal_id().lower(),
        account=call.account,
        customer_id=given.customer.id or new_paypal_id(),
        created_at=now,
        card=cards.kept_card(card, today=datetime.fromtimestamp(now, UTC).date()),
        payer=None,
        instrument=cards.instrument_of(card),
    )
    call.store.apply(vault_machine.made(token))
    return token.id


def show_payment_token(call: Call) -> str:
    """GET /v3/vault/payment-tokens/{id}."""
    token = call.store.payment_tokens.get(call.account, call.named)
    if token is None or token.deleted:
        raise Refusal("INVALID_RESOURCE_ID")
    return token.id


def delete_payment_token(call: Call) -> Response:
    """DELETE /v3/vault/payment-tokens/{id}. Deleting what is not there is no mistake."""
    token = call.store.payment_tokens.get(call.account, call.named)
    if token is not None and not token.deleted:
        call.store.apply(vault_machine.deleted(token))
    return Response(status=204, payload=b"")


def list_payment_tokens(call: Call) -> Response:
    """GET /v3/vault/payment-tokens?customer_id=, newest first."""
    given = read_query(call.request, ListTokens)
    found = call.store.payment_tokens_of(call.account, given.customer_id)
    start = (given.page - 1) * given.page_size
    shown = found[start : start + given.page_size]
    path = f"/v3/vault/payment-tokens?customer_id={given.customer_id}&page_size={given.page_size}"
    links = [(f"{path}&page={given.page}", "self", "GET")]
    if len(found) > start + given.page_size:
        links.append((f"{path}&page={given.page + 1}", "next", "GET"))
    body: dict[str, object] = {
        "customer": {"id": given.customer_id},
        "payment_tokens": [payment_token_body(token, call.store.public_url) for token in shown],
        "links": path_links(call.store.public_url, *links),
    }
    if given.total_required and found:
        body |= {"total_items": len(found), "total_pages": ceil(len(found) / given.page_size)}
    return Response(payload=body)


def _asked(call: Call) -> KeepSource:
    """What is to be kept. Raises Refusal: without a PayPal-Request-Id, nothing is."""
    if call.request_id is None:
        raise Refusal("PAYPAL_REQUEST_ID_REQUIRED", field="PayPal-Request-Id")
    return read(call.request, KeepSource)


def _setup(call: Call, setup_id: str) -> SetupToken:
    setup = call.store.setup_tokens.get(call.account, setup_id)
    if setup is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return setup
