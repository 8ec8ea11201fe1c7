"""The settings that declare accounts at PSPs: a file of them, and one account for each PSP and mode."""

from dataclasses import dataclass
from pathlib import Path

from fincore.bootstrap.psp_accounts.accounts_file import ACCOUNTS_FILE
from fincore.bootstrap.psp_accounts.accounts_of_settings import accounts_of_settings
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, with_defaults
from fincore.bootstrap.setting import setting
from fincore.bootstrap.setting_values import (
    BANK_ACCOUNT,
    FILE,
    OPTIONAL_URL,
    SECRET,
    STRIPE_WEBHOOK_SECRETS,
    URL,
    WORD,
    stripe_key,
    stripe_publishable_key,
)
from fincore.domain.secret import Secret


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """The first part of `Settings`."""

    psp_accounts_file: tuple[DeclaredAccount, ...] = setting(
        ACCOUNTS_FILE,
        "file that declares accounts at PSPs, several for each mode; empty: the accounts that the settings "
        "of each PSP declare, which may stand beside a file",
    )
    stripe_base_url: str = setting(URL, "Stripe, or a simulator of it", default="https://api.stripe.com")
    stripe_test_secret_key: Secret | None = setting(
        stripe_key(livemode=False), "secret key of the Stripe account for test mode", is_secret=True
    )
    stripe_test_webhook_secrets: tuple[Secret, ...] = setting(
        STRIPE_WEBHOOK_SECRETS,
        "signing secrets of the webhook endpoint at Stripe for test mode",
        is_secret=True,
    )
    stripe_test_publishable_key: Secret | None = setting(
        stripe_publishable_key(livemode=False),
        "publishable key of the Stripe account for test mode; empty: browsers get no card fields",
        is_secret=True,  # so that a secret key which is set here by mistake is not shown
    )
    stripe_test_script_url: str | None = setting(
        OPTIONAL_URL,
        "script for browsers of that account; empty: Stripe's own, or that of the simulator which is called",
    )
    stripe_test_bank_account: str | None = setting(
        BANK_ACCOUNT,
        "name of the bank account that this account pays out to; empty: as Stripe calls it",
    )
    stripe_live_secret_key: Secret | None = setting(
        stripe_key(livemode=True), "secret key of the Stripe account for live mode", is_secret=True
    )
    stripe_live_webhook_secrets: tuple[Secret, ...] = setting(
        STRIPE_WEBHOOK_SECRETS,
        "signing secrets of the webhook endpoint at Stripe for live mode",
        is_secret=True,
    )
    stripe_live_publishable_key: Secret | None = setting(
        stripe_publishable_key(livemode=True),
        "publishable key of the Stripe account for live mode; empty: browsers get no card fields",
        is_secret=True,  # so that a secret key which is set here by mistake is not shown
    )
    stripe_live_script_url: str | None = setting(
        OPTIONAL_URL,
        "script for browsers of that account; empty: Stripe's own, or that of the simulator which is called",
    )
    stripe_live_bank_account: str | None = setting(
        BANK_ACCOUNT,
        "name of the bank account that this account pays out to; empty: as Stripe calls it",
    )
    paypal_test_client_id: str | None = setting(
        WORD, "client id of the REST app of the PayPal account for test mode"
    )
    paypal_test_client_secret: Secret | None = setting(
        SECRET, "secret of the REST app of the PayPal account for test mode", is_secret=True
    )
    paypal_test_webhook_id: str | None = setting(
        WORD, "PayPal's id of the webhook of the account for test mode"
    )
    paypal_test_script_url: str | None = setting(
        OPTIONAL_URL,
        "script for browsers of that account; empty: PayPal's own, or that of the simulator which is called",
    )
    paypal_test_bank_account: str | None = setting(
        BANK_ACCOUNT,
        "name of the bank account that this account pays out to; empty: named after the account",
    )
    paypal_test_base_url: str | None = setting(
        OPTIONAL_URL, "a simulator of PayPal for test mode; empty: PayPal's own sandbox"
    )
    paypal_test_ca_file: Path | None = setting(
        FILE, "certificate of the authority (PEM) with which that simulator signs its webhooks"
    )
    paypal_live_client_id: str | None = setting(
        WORD, "client id of the REST app of the PayPal account for live mode"
    )
    paypal_live_client_secret: Secret | None = setting(
        SECRET, "secret of the REST app of the PayPal account for live mode", is_secret=True
    )
    paypal_live_webhook_id: str | None = setting(
        WORD, "PayPal's id of the webhook of the account for live mode"
    )
    paypal_live_script_url: str | None = setting(
        OPTIONAL_URL,
        "script for browsers of that account; empty: PayPal's own, or that of the simulator which is called",
    )
    paypal_live_bank_account: str | None = setting(
        BANK_ACCOUNT,
        "name of the bank account that this account pays out to; empty: named after the account",
    )

    @property
    def psp_accounts(self) -> tuple[DeclaredAccount, ...]:
        """Every account at a PSP: those that settings declare, then those in the file.

        Raises `ConfigurationError` where two have one name, or the default of a PSP and mode is not clear.
        """
        declared = accounts_of_settings(vars(self), self.psp_accounts_file)
        return with_defaults((*declared, *self.psp_accounts_file))
