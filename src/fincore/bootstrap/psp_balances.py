"""How the balance of each account that is configured is asked for at its PSP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fincore.backoffice.psp_balances import Ask, AskedAccount
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.psps import paypal_account, stripe_account
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.write.psp.paypal.balance import paypal_balance
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.stated_balance import StatedBalance
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.psp.stripe.balance import stripe_balance
from fincore.write.psp.stripe.client import StripeClient

CALL_SECONDS_MAX: Final = 10.0


@asynccontextmanager
async def balance_asks(
    settings: Settings, resolver: SecretResolver, *, livemode: bool
) -> AsyncIterator[dict[AskedAccount, Ask]]:
    """What asks each account of a mode. One with values that are missing or wrong says so and is not called."""
    stripe = StripeClient(total_timeout_seconds=CALL_SECONDS_MAX)
    paypal = PayPalClient(total_timeout_seconds=CALL_SECONDS_MAX)

    def ask_of(account: DeclaredAccount) -> Ask:
        async def ask() -> StatedBalance:
            try:
                if account.psp == STRIPE:
                    return await stripe_balance(stripe, stripe_account(account, resolver))
                return await paypal_balance(paypal, paypal_account(account, resolver))
            except ConfigurationError as error:
                return StatedBalance(problem=str(error).removeprefix(account.about))

        return ask

    try:
        yield {
            AskedAccount(account.psp, account.name, account.livemode): ask_of(account)
            for account in settings.psp_accounts
            if account.livemode == livemode
        }
    finally:
        await stripe.close()
        await paypal.close()
