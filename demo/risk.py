"""The demo's scenes of risk: staff put rules in force, which stop a card tester, hold a large order and refuse a blocked customer."""

import asyncio
import shlex
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from harness.failure import InstallationFailed

from demo.payments import BLOCKED_CUSTOMER, CARD_TESTING, LARGE_ORDER, THIEF, Payment
from demo.processes import DemoFailed, Processes
from demo.sale import Sale
from demo.screen import Screen
from demo.till import Till

RULES: Final = Path(__file__).with_name("risk.toml")
LIST: Final = "blocked_customers"
BY: Final = ("--by", "ada")
LIVE_TIMEOUT_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.1
_RULES_VERSION: Final = "fincore_risk_rules_version "

Sold = Callable[[tuple[Payment, ...]], list[Sale]]
"""Takes payments, shows them, and returns what became of them."""


class RiskScenes:
    """The scenes, one after the other. `sold` takes payments in the shop of `merchant_id`."""

    def __init__(
        self, screen: Screen, processes: Processes, till: Till, sold: Sold, merchant_id: str
    ) -> None:
        self._screen = screen
        self._processes = processes
        self._till = till
        self._sold = sold
        self._merchant_id = merchant_id

    def play(self) -> list[Sale]:
        """Every scene; the payments in it."""
        self._screen.heading(
            "Risk: staff write rules (demo/risk.toml), try them in shadow, and let them decide"
        )
        self._put_in_force()
        return [*self._card_testing(), *self._large_order(), *self._blocked_customer()]

    def _put_in_force(self) -> None:
        self._staff("lists", "create", LIST, "--kind", "customer", reason="Customers who cheated")
        drafted = self._staff("draft", str(RULES), shown=("draft", "demo/risk.toml"), reason="First rules")
        version = drafted.split()[1]
        self._staff("shadow", version, reason="See what they would do")
        self._staff("live", version, reason="They do what we want")
        self._until_live(version)

    def _card_testing(self) -> list[Sale]:
        self._screen.heading(
            f"{len(CARD_TESTING)} stolen cards tried at one address, 1.00 USD each: from the fourth on, the rule card-testing blocks"
        )
        sales = self._sold(CARD_TESTING)
        self._screen.prose(
            "\nThe blocked ones never reached a PSP. The thief is told no more than that the payment could not be made; staff see why:"
        )
        last = sales[-1].charge_id
        printed = self._processes.printed("charges", "show", last)
        self._screen.command(f"fincore charges show {last}", _about_risk(printed))
        return sales

    def _large_order(self) -> list[Sale]:
        self._screen.heading(
            "A large first order: the money is held, and taken once a person has approved it"
        )
        sales = self._sold((LARGE_ORDER,))
        (sale,) = sales
        self._screen.prose("\nStaff are asked:")
        self._staff("cases", "list")
        self._staff("cases", "approve", sale.charge_id, reason="Called her: she is opening a school")
        sale.payment = LARGE_ORDER._replace(expected="succeeded")
        self._screen.begin(sales)
        try:
            asyncio.run(self._till.follow(sales, lambda: self._screen.show(sales)))
        finally:
            self._screen.end(sales)
        return sales

    def _blocked_customer(self) -> list[Sale]:
        self._screen.heading(
            "The thief comes back from elsewhere, with a good card: staff have blocked the customer"
        )
        self._staff(
            *("lists", "add", LIST, THIEF["id"], "--merchant", self._merchant_id),
            reason="Tested stolen cards",
        )
        sales = self._sold((BLOCKED_CUSTOMER,))
        self._screen.prose(
            "\nOf a charge for live money, `fincore risk block CHARGE` lists the customer, e-mail, card, address and device at once."
        )
        return sales

    def _staff(self, *arguments: str, reason: str | None = None, shown: tuple[str, ...] = ()) -> str:
        """What a `fincore risk` command prints, which is shown with it. `shown`: how a person would write its arguments."""
        why = () if reason is None else (*BY, "--reason", reason)
        printed = self._processes.printed("risk", *arguments, *why)
        self._screen.command(shlex.join(("fincore", "risk", *(shown or arguments), *why)), printed)
        return printed

    def _until_live(self, version: str) -> None:
        """Return once the API goes by a version of the rules: it looks for changes every 2 seconds."""
        until = time.monotonic() + LIVE_TIMEOUT_SECONDS
        while self._version_in_force() != float(version):
            if time.monotonic() > until:
                raise DemoFailed(f"the API does not go by version {version} of the risk rules")
            time.sleep(LOOK_SECONDS)

    def _version_in_force(self) -> float:
        """The version that the API goes by, as it tells its operators. Raises `InstallationFailed`: it does not answer."""
        url = f"{self._processes.ops_url('api')}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=LIVE_TIMEOUT_SECONDS) as response:  # noqa: S310 -- ours
                lines = response.read().decode().splitlines()
        except OSError as error:
            raise InstallationFailed(f"{url} cannot be read: {error}") from error
        return next(float(line.split()[1]) for line in lines if line.startswith(_RULES_VERSION))


def _about_risk(printed: str) -> str:
    """What `fincore charges show` prints of the rules, without the plan before it and the events after it."""
    lines = printed.splitlines()
    first = next((place for place, line in enumerate(lines) if line.startswith("risk:")), len(lines))
    last = next((place for place, line in enumerate(lines) if line.startswith("version ")), len(lines))
    return "\n".join(("...", *lines[first:last], "..."))
