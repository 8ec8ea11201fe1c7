"""The PSPs that are configured: their accounts for the router, their gateways, and the halves that take their webhooks.

Each process reads only the secrets that it needs.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import Final

from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, values_of
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.psp_limits import LIMITS
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settled_accounts import settled_account
from fincore.domain.clock import Clock
from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspName
from fincore.write.psp.account import BrowserAccess, ConfiguredAccount
from fincore.write.psp.card_tokeniser import CardTokeniser
from fincore.write.psp.paypal.account import PAYPAL, PayPalAccount, PayPalWebhookEndpoint
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.gateway import PayPalGateway
from fincore.write.psp.paypal.webhook_certificates import trusted_roots
from fincore.write.psp.paypal.webhooks import PayPalWebhooks
from fincore.write.psp.port import PspGateway, PspWebhooks
from fincore.write.psp.stripe.account import (
    STRIPE,
    STRIPE_BASE_URL,
    StripeAccount,
    StripeWebhookEndpoint,
)
from fincore.write.psp.stripe.card_tokens import StripeCardTokeniser
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.webhooks import StripeWebhooks
from fincore.write.routing.account_router import AccountRouter, require_distinct
from fincore.write.routing.plan import AccountName
from fincore.write.routing.router import Router
from fincore.write.routing.rule_cache import RuleCache


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
    with naming(account):
        return StripeAccount(
            secret_key=secret_key,
            expects_livemode=account.livemode,
            base_url=account.base_url or STRIPE_BASE_URL,
        )


def paypal_account(account: DeclaredAccount, resolver: SecretResolver) -> PayPalAccount:
    """A PayPal account to call. Raises `ConfigurationError` for a value that is missing or wrong."""
    values = values_of(account, "calls", resolver)
    (client_id,), (client_secret,) = values["client_id"], values["client_secret"]
    with naming(account):
        return PayPalAccount(
            client_id=client_id.reveal(),
            client_secret=client_secret,
            expects_livemode=account.livemode,
            base_url=account.base_url,
        )


def gateways(settings: Settings, resolver: SecretResolver, clock: Clock) -> Mapping[PspName, PspGateway]:
    """A gateway for each PSP that has an account. Raises `ConfigurationError`, which names the account and the value."""
    found: dict[PspName, PspGateway] = {}
    stripe = {one.name: stripe_account(one, resolver) for one in _at(STRIPE, settings)}
    if stripe:
        stripe_client = StripeClient(
            connections_max=settings.worker_concurrency, total_timeout_seconds=settings.psp_timeout_seconds
        )
        found[STRIPE] = StripeGateway(stripe, client=stripe_client, clock=clock)
    paypal = {one.name: paypal_account(one, resolver) for one in _at(PAYPAL, settings)}
    if paypal:
        paypal_client = PayPalClient(
            connections_max=settings.worker_concurrency, total_timeout_seconds=settings.psp_timeout_seconds
        )
        found[PAYPAL] = PayPalGateway(paypal, client=paypal_client, clock=clock)
    return found


def card_tokenisers(
    settings: Settings, resolver: SecretResolver, clock: Clock
) -> Mapping[PspName, CardTokeniser]:
    """A tokeniser for each PSP that has an account and makes a token of a card without taking money: PayPal has no such call."""
    stripe = {one.name: stripe_account(one, resolver) for one in _at(STRIPE, settings)}
    if not stripe:
        return {}
    client = StripeClient(total_timeout_seconds=settings.psp_timeout_seconds)
    return {STRIPE: StripeCardTokeniser(stripe, client=client, clock=clock)}


# The half that takes webhooks


def stripe_webhook_endpoint(account: DeclaredAccount, resolver: SecretResolver) -> StripeWebhookEndpoint:
    """The webhook endpoint of a Stripe account. Raises `ConfigurationError` for secrets that are missing or wrong."""
    secrets = values_of(account, "webhooks", resolver)["webhook_secrets"]
    return StripeWebhookEndpoint(secrets=secrets, expects_livemode=account.livemode)


def paypal_webhook_endpoint(account: DeclaredAccount, resolver: SecretResolver) -> PayPalWebhookEndpoint:
    """The webhook of a PayPal account. Raises `ConfigurationError` for a value that is missing or wrong."""
    (webhook_id,) = values_of(account, "webhooks", resolver)["webhook_id"]
    is_simulated = not account.livemode and account.base_url not in (None, *account.form.own_urls.values())
    with naming(account):
        if account.ca_file is not None:
            trusted_roots(account.ca_file)
        return PayPalWebhookEndpoint(
            webhook_id=webhook_id.reveal(),
            expects_livemode=account.livemode,
            simulator_url=account.base_url if is_simulated else None,
            ca_file=account.ca_file,
        )


@asynccontextmanager
async def open_webhooks(
    settings: Settings, resolver: SecretResolver
) -> AsyncIterator[Mapping[PspName, PspWebhooks]]:
    """The incoming half of each PSP, which can verify what its accounts are told."""
    stripe = StripeWebhooks(
        {one.name: stripe_webhook_endpoint(one, resolver) for one in _at(STRIPE, settings)}
    )
    paypal = PayPalWebhooks(
        {one.name: paypal_webhook_endpoint(one, resolver) for one in _at(PAYPAL, settings)}
    )
    try:
        yield {STRIPE: stripe, PAYPAL: paypal}
    finally:
        await paypal.close()


def webhook_readers() -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP, for webhooks that were verified before: it needs no secret and verifies none."""
    return {STRIPE: StripeWebhooks({}), PAYPAL: PayPalWebhooks({})}


# What browsers are told


def browser_access(account: DeclaredAccount, resolver: SecretResolver) -> BrowserAccess | None:
    """What a customer's browser needs of an account; None for one that offers browsers nothing.

    Raises `ConfigurationError` for a value that is wrong.
    """
    values = values_of(account, "browser", resolver)
    names: dict[str, str] = {
        field: value.reveal() for field in ("publishable_key", "client_id") for value in values.get(field, ())
    }
    if not names:
        return None
    script_url = values["script_url"][0].reveal() if values["script_url"] else account.default_script_url
    return BrowserAccess(script_url=script_url, **names)


def browser_accesses(settings: Settings, resolver: SecretResolver) -> dict[AccountName, BrowserAccess]:
    """What browsers need of each account that offers them something."""
    found = {AccountName(one.psp, one.name): browser_access(one, resolver) for one in settings.psp_accounts}
    return {key: access for key, access in found.items() if access is not None}


# All parts


_PARTS: Final[Mapping[PspName, tuple[Callable[[DeclaredAccount, SecretResolver], object], ...]]] = (
    MappingProxyType(
        {
            STRIPE: (stripe_account, stripe_webhook_endpoint, browser_access, settled_account),
            PAYPAL: (paypal_account, paypal_webhook_endpoint, browser_access, settled_account),
        }
    )
)


def check_accounts(settings: Settings, resolver: SecretResolver) -> None:
    """Compose every account, and see that the router can tell the accounts apart, as a start of all roles does.

    Raises `ConfigurationError` for the first thing that is wrong.
    """
    require_distinct(configured_accounts(settings))
    for account in settings.psp_accounts:
        check_account(account, resolver)


def check_account(account: DeclaredAccount, resolver: SecretResolver) -> None:
    """Read every value of an account. Raises `ConfigurationError`, which names the account, for one that is missing or wrong."""
    for compose in _PARTS[account.psp]:
        compose(account, resolver)


@contextmanager
def naming(account: DeclaredAccount) -> Iterator[None]:
    """Let what a PSP's package finds wrong name the account."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{account.about}{error}") from error


def _at(psp: PspName, settings: Settings) -> list[DeclaredAccount]:
    return [account for account in settings.psp_accounts if account.psp == psp]
