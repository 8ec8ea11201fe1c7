"""How each account that is configured is checked at its PSP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fincore.backoffice.account_checks import Check
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.psps import check_account, paypal_account, stripe_account
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.write.psp.account_check import AccountCheck
from fincore.write.psp.http import HttpSession
from fincore.write.psp.paypal.account_check import check_paypal_account
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.psp.stripe.account_check import check_stripe_account
from fincore.write.psp.stripe.client import StripeClient

CALL_SECONDS_MAX: Final = 10.0


@asynccontextmanager
async def account_checks(settings: Settings, resolver: SecretResolver) -> AsyncIterator[dict[str, Check]]:
    """The check of each account, by its label. One with values that are missing or wrong says so and is not called."""
    stripe = StripeClient(total_timeout_seconds=CALL_SECONDS_MAX)
    paypal = HttpSession("PayPal", total_timeout_seconds=CALL_SECONDS_MAX)

    def check_of(account: DeclaredAccount) -> Check:
        async def check() -> AccountCheck:
            try:
                check_account(account, resolver)
            except ConfigurationError as error:
                return AccountCheck(problems=(str(error).removeprefix(account.about),))
            if account.psp == STRIPE:
                return await check_stripe_account(stripe, stripe_account(account, resolver))
            return await check_paypal_account(paypal, paypal_account(account, resolver))

        return check

    try:
        yield {account.label: check_of(account) for account in settings.psp_accounts}
    finally:
        await stripe.close()
        await paypal.close()
