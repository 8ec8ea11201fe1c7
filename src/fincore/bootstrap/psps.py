"""The PSPs the settings configure: the router over their accounts, their gateways, and who may send webhooks.

Each takes only the secrets it needs.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from fincore.bootstrap.settings import Settings, StripeSettings
from fincore.domain.clock import Clock
from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.port import PspGateway, PspWebhooks
from fincore.write.psp.stripe.account import STRIPE, StripeAccount, StripeWebhookEndpoint
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fincore.write.psp.stripe.webhooks import StripeWebhooks
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.router import Router

LIMITS: Final[Mapping[PspName, PspLimits]] = MappingProxyType({STRIPE: STRIPE_LIMITS})
"""The limits of each PSP that FinCore can speak to, configured or not."""


def account_of(*, livemode: bool) -> PspAccount:
    """The PSP account that carries the charges of a mode; the path of its webhooks ends with this name."""
    return PspAccount("live" if livemode else "test")


def stripe_accounts(settings: Settings) -> dict[PspAccount, StripeAccount]:
    """The Stripe accounts to call; raise `ConfigurationError` for one without its key, or with one of the wrong mode."""
    accounts = {}
    for livemode, stripe in _configured(settings):
        if stripe.secret_key is None:
            prefix = _prefix(livemode=livemode)
            raise ConfigurationError(f"{prefix}_SECRET_KEY is missing beside {prefix}_WEBHOOK_SECRETS")
        accounts[account_of(livemode=livemode)] = StripeAccount(
            secret_key=stripe.secret_key, expects_livemode=livemode
        )
    return accounts


def stripe_webhook_endpoints(settings: Settings) -> dict[PspAccount, StripeWebhookEndpoint]:
    """The Stripe accounts with webhooks; raise `ConfigurationError` for one without signing secrets."""
    endpoints = {}
    for livemode, stripe in _configured(settings):
        if not stripe.webhook_secrets:
            prefix = _prefix(livemode=livemode)
            raise ConfigurationError(f"{prefix}_WEBHOOK_SECRETS is missing beside {prefix}_SECRET_KEY")
        endpoints[account_of(livemode=livemode)] = StripeWebhookEndpoint(
            secrets=stripe.webhook_secrets, expects_livemode=livemode
        )
    return endpoints


def gateways(settings: Settings, clock: Clock) -> Mapping[PspName, PspGateway]:
    """A gateway for each PSP that has an account."""
    accounts = stripe_accounts(settings)
    if not accounts:
        return {}
    client = StripeClient(
        base_url=settings.stripe_base_url,
        connections_max=settings.worker_concurrency,
        total_timeout_seconds=settings.psp_timeout_seconds,
    )
    return {STRIPE: StripeGateway(accounts, client=client, clock=clock)}


def configured_accounts(settings: Settings) -> tuple[ConfiguredAccount, ...]:
    """Every account at a PSP that charges may go to."""
    return tuple(
        ConfiguredAccount(
            psp=STRIPE,
            name=account_of(livemode=livemode),
            livemode=livemode,
            is_default=True,
            limits=LIMITS[STRIPE],
        )
        for livemode, _ in _configured(settings)
    )


def router(settings: Settings) -> Router:
    """The router over the accounts that are configured."""
    return AccountRouter(configured_accounts(settings))


def webhooks(settings: Settings) -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP, which can verify what its accounts are told."""
    return {STRIPE: StripeWebhooks(stripe_webhook_endpoints(settings))}


def webhook_readers() -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP, for webhooks that were verified before: it needs no secret and verifies none."""
    return {STRIPE: StripeWebhooks({})}


def _configured(settings: Settings) -> Iterator[tuple[bool, StripeSettings]]:
    for livemode, stripe in ((False, settings.stripe_test), (True, settings.stripe_live)):
        if stripe is not None:
            yield livemode, stripe


def _prefix(*, livemode: bool) -> str:
    return f"FINCORE_STRIPE_{'LIVE' if livemode else 'TEST'}"
