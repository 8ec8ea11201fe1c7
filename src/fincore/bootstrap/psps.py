"""The PSPs the settings configure: their gateways, and who may send us webhooks."""

from collections.abc import Mapping

from fincore.domain.clock import Clock
from fincore.domain.outcome import PspAccount, PspName
from fincore.settings import Settings
from fincore.write.psp.port import PspGateway, PspWebhooks
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.gateway import StripeGateway
from fincore.write.psp.stripe.webhooks import StripeWebhooks


def account_of(*, livemode: bool) -> PspAccount:
    """The PSP account that carries the charges of a mode; the path of its webhooks ends with this name."""
    return PspAccount("live" if livemode else "test")


def stripe_accounts(settings: Settings) -> dict[PspAccount, StripeAccount]:
    """The Stripe accounts that are configured; raise `ConfigurationError` for a key of the wrong mode."""
    configured = ((False, settings.stripe_test), (True, settings.stripe_live))
    return {
        account_of(livemode=livemode): StripeAccount(
            secret_key=stripe.secret_key, webhook_secrets=stripe.webhook_secrets, expects_livemode=livemode
        )
        for livemode, stripe in configured
        if stripe is not None
    }


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


def webhooks(settings: Settings) -> Mapping[PspName, PspWebhooks]:
    """The incoming half of each PSP."""
    return {STRIPE: StripeWebhooks(stripe_accounts(settings))}
