"""The PSPs that are configured: their accounts for the router, their gateways, and the halves that take their webhooks.

Each process reads only the secrets that it needs.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, values_of
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import Clock
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.port import PspGateway, PspWebhooks
from fincore.write.psp.stripe.account import (
    STRIPE,
    STRIPE_BASE_URL,
    StripeAccount,
    StripeWebhookEndpoint,
)
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fincore.write.psp.stripe.webhooks import StripeWebhooks
from fincore.write.routing.account_router import AccountRouter, require_distinct
from fincore.write.routing.router import Router
from fincore.write.routing.rule_cache import RuleCache

LIMITS: Final[Mapping[PspName, PspLimits]] = MappingProxyType({STRIPE: STRIPE_LIMITS})
"""The limits of each PSP that FinCore can speak to, configured or not."""


def configured_accounts(settings: Settings) -> tuple[ConfiguredAccount, ...]:
    """Every account at a PSP that charges may go to."""
    return tuple(
        ConfiguredAccount(
            psp=account.psp,
            name=account.name,
            livemode=account.livemode,
            is_default=account.is_default,
            limits=LIMITS[account.psp],
        )
        for account in settings.psp_accounts
    )


def router(settings: Settings, rules: RuleCache) -> Router:
    """The router over the accounts that are configured, by the live rules."""
    return AccountRouter(configured_accounts(settings), lambda: rules.live)


# The half that calls


def stripe_account(account: DeclaredAccount, resolver: SecretResolver) -> StripeAccount:
    """A Stripe account to call. Raises `ConfigurationError` for a key that is missing or wrong."""
    (secret_key,) = values_of(account, "calls", resolver)["secret_key"]
    return StripeAccount(
        secret_key=secret_key,
        expects_livemode=account.livemode,
        base_url=account.base_url or STRIPE_BASE_URL,
    )


def _stripe_gateway(
    accounts: Sequence[DeclaredAccount], resolver: SecretResolver, settings: Settings, clock: Clock
) -> PspGateway:
    client = StripeClient(
        connections_max=settings.worker_concurrency, total_timeout_seconds=settings.psp_timeout_seconds
    )
    called = {account.name: stripe_account(account, resolver) for account in accounts}
    return StripeGateway(called, client=client, clock=clock)


_GATEWAYS: Final[
    Mapping[PspName, Callable[[Sequence[DeclaredAccount], SecretResolver, Settings, Clock], PspGateway]]
] = MappingProxyType({STRIPE: _stripe_gateway})


def gateways(settings: Settings, resolver: SecretResolver, clock: Clock) -> Mapping[PspName, PspGateway]:
    """A gateway for each PSP that has an account. Raises `ConfigurationError`, which names the account and the value."""
    at_psp = _by_psp(settings)
    return {psp: _GATEWAYS[psp](accounts, resolver, settings, clock) for psp, accounts in at_psp.items()}


# The half that takes webhooks


def stripe_webhook_endpoint(account: DeclaredAccount, resolver: SecretResolver) -> StripeWebhookEndpoint:
    """The webhook endpoint of a Stripe account. Raises `ConfigurationError` for secrets that are missing or wrong."""
    secrets = values_of(account, "webhooks", resolver)["webhook_secrets"]
    return StripeWebhookEndpoint(secrets=secrets, expects_livemode=account.livemode)


def webhooks(settings: Settings, resolver: SecretResolver) -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP, which can verify what its accounts are told."""
    at_psp = _by_psp(settings)
    endpoints: dict[PspAccount, StripeWebhookEndpoint] = {
        account.name: stripe_webhook_endpoint(account, resolver) for account in at_psp.get(STRIPE, ())
    }
    return {STRIPE: StripeWebhooks(endpoints)}


def webhook_readers() -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP, for webhooks that were verified before: it needs no secret and verifies none."""
    return {STRIPE: StripeWebhooks({})}


def check_accounts(settings: Settings, resolver: SecretResolver) -> None:
    """Read every value of every account, and see that the router can tell the accounts apart, as a start of all roles does.

    Raises `ConfigurationError` for the first thing that is wrong.
    """
    require_distinct(configured_accounts(settings))
    for account in settings.psp_accounts:
        values_of(account, "calls", resolver)
        values_of(account, "webhooks", resolver)


def _by_psp(settings: Settings) -> dict[PspName, list[DeclaredAccount]]:
    found: dict[PspName, list[DeclaredAccount]] = {}
    for account in settings.psp_accounts:
        found.setdefault(account.psp, []).append(account)
    return found
