"""The accounts at PSPs as settlement sees them: their mode, and the bank account that each pays out to."""

from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, values_of
from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.settings import Settings
from fincore.domain.settlement_events import BankAccount
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.settled_account import SettledAccount


def settled_account(account: DeclaredAccount, resolver: SecretResolver) -> SettledAccount:
    """An account that pays out. Raises `ConfigurationError`, which names the account, for a bank account that cannot be called so."""
    named = values_of(account, "settlement", resolver)["bank_account"]
    return SettledAccount(
        livemode=account.livemode, bank_account=BankAccount(named[0].reveal()) if named else None
    )


def settled_accounts(settings: Settings, resolver: SecretResolver) -> dict[AccountName, SettledAccount]:
    """Every account that is configured. Raises `ConfigurationError` as `settled_account` does."""
    return {AccountName(one.psp, one.name): settled_account(one, resolver) for one in settings.psp_accounts}
