"""Whether customers of wallets have a page of ours to come back to. Pure."""

from collections.abc import Sequence

from fincore.domain.errors import ConfigurationError
from fincore.write.psp.account import ConfiguredAccount


def check_return_page(accounts: Sequence[ConfiguredAccount], public_url: str | None) -> None:
    """Raise `ConfigurationError` for an account that takes a wallet, where the public URL is not set.

    It is refused at start: no merchant could pay with the wallet, and only the operator can set the URL.
    """
    for account in accounts:
        if public_url is None and "paypal" in account.limits.payment_method_types:
            raise ConfigurationError(
                f"FINCORE_PUBLIC_URL is missing beside the {account.psp} account {account.name}: set it to where customers "
                "reach the API, so that they can come back from the PSP's page"
            )
