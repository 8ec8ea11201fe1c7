"""How often one address of customers may ask. An IPv6 network of 64 bits is one address: its customer has all of it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

import structlog

from fincore.http.client_address import Network
from fincore.http.connection import IPV6_PREFIX
from fincore.http.exchange import Call
from fincore.http.metrics import REQUESTS_LIMITED
from fincore.http.problems import Problem
from fincore.write.payments.budget import Budget

PER_SECOND: Final = 10.0
"""Requests of one address, on average. Customers may share an address; the machine itself may send any number."""
AT_ONCE_MAX: Final = 50
"""Requests of one address at once before that average counts."""
RETRY_AFTER_SECONDS: Final = 1

_log = structlog.get_logger(__name__)


class AddressLimit:
    """The budgets of addresses; `trusted` are proxies that state their client's address."""

    def __init__(
        self,
        trusted: Sequence[Network],
        *,
        budget: Budget[IPv4Address | IPv6Network] | None = None,
    ) -> None:
        self._trusted = trusted
        self._has_told = False
        self._budget = budget or Budget(per_second=PER_SECOND, at_once_max=AT_ONCE_MAX)

    def admit(self, call: Call) -> None:
        """Count the call; raise `rate_limited` for an address that asks too often."""
        address = call.client_address(self._trusted)
        if address is None or address.is_loopback:
            self._tell_of_proxy(call)
            return
        counted = (
            IPv6Network((address, IPV6_PREFIX), strict=False) if isinstance(address, IPv6Address) else address
        )
        if not self._budget.take(counted):
            REQUESTS_LIMITED.labels("address").inc()
            raise Problem(
                "rate_limited",
                f"Too many requests from this address. Send this request again after {RETRY_AFTER_SECONDS} s.",
                headers=(("retry-after", str(RETRY_AFTER_SECONDS)),),
            )

    def customers_address(self, call: Call) -> str | None:
        """The address of the call's customer; None where only this machine's own is known, as behind a proxy that is not trusted."""
        address = call.client_address(self._trusted)
        return None if address is None or address.is_loopback else str(address)

    def _tell_of_proxy(self, call: Call) -> None:
        """Warn once of a proxy on this machine that is not trusted: behind it no address of customers is known or limited."""
        if not self._has_told and call.header_values(b"x-forwarded-for"):
            self._has_told = True
            _log.warning("checkout.proxy_not_trusted", hint="set FINCORE_TRUSTED_PROXIES=127.0.0.1,::1")
