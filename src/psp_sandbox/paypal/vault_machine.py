"""The vault's machine: setup tokens and payment tokens, from one snapshot to the next. Pure.

setup token: PAYER_ACTION_REQUIRED -> APPROVED -> VAULTED, as its payment token is made
"""

from msgspec.structs import replace

from psp_sandbox.paypal.change import Change, NewEvent
from psp_sandbox.paypal.records import (
    Authorization,
    Capture,
    Instrument,
    Order,
    Payer,
    PaymentToken,
    SetupToken,
)

REFUSED = frozenset({"DECLINED", "DENIED"})
"""Statuses of payments that took and hold no money."""


def approved(setup: SetupToken, *, payer: Payer, instrument: Instrument) -> Change:
    """The owner of the PayPal account agreed."""
    return Change(records=(replace(setup, status="APPROVED", payer=payer, instrument=instrument),))


def made(token: PaymentToken, setup: SetupToken | None = None) -> Change:
    """A payment source is kept from now on; a setup token is used up by it."""
    used = () if setup is None else (replace(setup, status="VAULTED"),)
    return Change(records=(*used, token), events=(NewEvent("VAULT.PAYMENT-TOKEN.CREATED", token.id),))


def deleted(token: PaymentToken) -> Change:
    """The merchant may not use the payment source any more."""
    gone = replace(token, deleted=True)
    return Change(records=(gone,), events=(NewEvent("VAULT.PAYMENT-TOKEN.DELETED", token.id),))


def of_setup(setup: SetupToken, token_id: str, *, now: int) -> PaymentToken:
    """What a setup token becomes."""
    return PaymentToken(
        id=token_id,
        account=setup.account,
        customer_id=setup.customer_id,
        created_at=now,
        card=setup.card,
        payer=setup.payer,
        instrument=setup.instrument,
    )


def of_order(
    order: Order, payments: tuple[Authorization, ...] | tuple[Capture, ...], *, now: int
) -> PaymentToken | None:
    """What an order keeps of its payment source; None where it is not to, or nothing was paid."""
    if order.saving is None or all(one.status in REFUSED for one in payments):
        return None
    return PaymentToken(
        id=order.saving.token_id,
        account=order.account,
        customer_id=order.saving.customer_id,
        created_at=now,
        card=order.card,
        payer=order.payer,
        instrument=order.instrument,
    )
