"""The client configuration as pages get it. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.write.routing.browser_methods import BrowserMethod, BrowserMethodType, BrowserOffer


class MethodBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One payment method on offer."""

    type: Annotated[
        BrowserMethodType, Meta(description="The type of the payment method, as charges take it.")
    ]
    psp: Annotated[str, Meta(description="The PSP at which it is made.")]
    account: Annotated[
        str, Meta(description="The account there. Send it with the token: a token belongs to its account.")
    ]
    script_url: Annotated[str, Meta(description="The PSP's script to load.")]
    publishable_key: Annotated[
        str | None, Meta(description="What the script is given at Stripe: the account's publishable key.")
    ] = None
    client_id: Annotated[
        str | None, Meta(description="What the script is given at PayPal: the account's client id.")
    ] = None


class ClientConfigurationBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a page needs to let its customer pay."""

    object: Literal["client_configuration"] = "client_configuration"
    livemode: Annotated[bool, Meta(description="Whether live money moves.")]
    rule_version: Annotated[
        int | None,
        Meta(description="The version of the routing rules that decided; null where there are none."),
    ]
    methods: Annotated[
        list[MethodBody], Meta(description="What is on offer, the preferred one first; one of each type.")
    ]


def render_offer(offer: BrowserOffer, *, livemode: bool) -> ClientConfigurationBody:
    """An offer as a page gets it."""
    return ClientConfigurationBody(
        livemode=livemode,
        rule_version=offer.rules_version,
        methods=[_method(method) for method in offer.methods],
    )


def _method(method: BrowserMethod) -> MethodBody:
    access = method.access
    return MethodBody(
        type=method.type,
        psp=method.psp,
        account=method.account,
        script_url=access.script_url,
        publishable_key=access.publishable_key,
        client_id=access.client_id,
    )
