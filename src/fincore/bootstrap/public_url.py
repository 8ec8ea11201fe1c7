"""Whether customers reach the checkout role where the setting of the public URL says. Pure."""

from collections.abc import Sequence
from typing import Final, Protocol
from urllib.parse import urlsplit

from fincore.domain.errors import ConfigurationError
from fincore.write.psp.account import ConfiguredAccount

HTTP_PORT: Final = 80


class Addresses(Protocol):
    """The settings that say where servers are."""

    @property
    def public_url(self) -> str | None:
        """Where customers reach the checkout role."""
        ...

    @property
    def api_port(self) -> int:
        """The port of the merchants' API."""
        ...

    @property
    def checkout_port(self) -> int:
        """The port of the checkout role."""
        ...


def check_public_url(accounts: Sequence[ConfiguredAccount], addresses: Addresses) -> None:
    """Raise `ConfigurationError` where customers would not find the way back from the page of a PSP.

    It is refused at start: for an account that takes a wallet the URL must be set, since no merchant could pay with the wallet
    otherwise, and on this machine it must not lead to the merchants' API. Behind a proxy only the operator can check it.
    """
    if addresses.public_url is not None:
        _refuse_the_api(addresses.public_url, addresses)
        return
    for account in accounts:
        if "paypal" in account.limits.payment_method_types:
            raise ConfigurationError(
                f"FINCORE_PUBLIC_URL is missing beside the {account.psp} account {account.name}: set it to where customers "
                "reach the checkout role, so that they can come back from the PSP's page"
            )


def _refuse_the_api(public_url: str, addresses: Addresses) -> None:
    url = urlsplit(public_url)
    is_here = url.scheme == "http"  # such a URL is of this machine, and no proxy stands between
    if is_here and (url.port or HTTP_PORT) == addresses.api_port != addresses.checkout_port:
        raise ConfigurationError(
            f"FINCORE_PUBLIC_URL ({public_url}) leads to the merchants' API, which serves no customers: set it to where customers "
            f"reach the checkout role, such as http://{url.hostname}:{addresses.checkout_port}"
        )
