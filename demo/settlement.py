"""The demo's scenes of settlement: a day is paid out, reported and explained to the cent; a lie in the next day's file is found."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from demo import agreement, clearing, money
from demo.clearing import Balances, BreakSum, Cleared, PspAccount
from demo.payments import NEXT_DAY_PAYMENTS, Payment
from demo.processes import BANK_ACCOUNT, PAYPAL_ACCOUNT, STRIPE_ACCOUNT, DemoFailed, Processes
from demo.psp_days import PAYPAL_SOURCE, STRIPE_SOURCE, Lie, PspDays
from demo.sale import Sale
from demo.screen import Screen
from demo.till import Till

WITHDRAWN_MINOR: Final = {"eur": 40_000, "usd": 30_000}
"""What the merchant sends from PayPal to the bank at the end of the first day."""
LIE_MINOR: Final = -500
PLANTED: Final = BreakSum("amount", 1, money.amount(LIE_MINOR, "eur"))
"""What the reconciliation of the second day has to find, and nothing else."""
TIMEOUT_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.5
BREAKS_COMMAND: Final = "fincore reconcile breaks"
REPORT_COMMAND: Final = "fincore reconcile report"
TIED: Final = "accounts tied to the ledger"
"""What a report says at its end of accounts of which every equation holds."""
TOLD: Final = "console sent"
"""What the list of notices says of one that is on the console."""
_BANKS: Final = {
    ("stripe", STRIPE_ACCOUNT): BANK_ACCOUNT,
    ("paypal", PAYPAL_ACCOUNT): f"paypal_{PAYPAL_ACCOUNT}",
}

Sold = Callable[[tuple[Payment, ...]], list[Sale]]
"""Takes payments, shows them, and returns what became of them."""


class SettlementScenes:
    """The scenes, one after the other. `sold` takes payments. `wrong` tells, in sentences, what did not come out as it should."""

    def __init__(self, screen: Screen, processes: Processes, till: Till, sold: Sold) -> None:
        self._screen = screen
        self._processes = processes
        self._till = till
        self._sold = sold
        self._days = PspDays(processes)
        self.wrong: list[str] = []

    def play(self, sales: Sequence[Sale]) -> list[Sale]:
        """Settle the day of `sales`, then one more; the payments of that one."""
        self._days.declare_sources()
        self._first_day(sales)
        return self._second_day()

    def _first_day(self, sales: Sequence[Sale]) -> None:
        self._screen.heading("The day is settled: files of the PSPs explain what they took, to the cent")
        file = self._days.end_at_paypal(withdrawn_minor=WITHDRAWN_MINOR)
        payouts = self._days.end_at_stripe()
        self._screen.prose(
            f"PayPal puts {file} on its SFTP server, known by a pinned host key. Stripe makes {len(payouts)} payouts, "
            "one a currency, tells of them by webhook, and reports the rows of each in a file."
        )
        self._fetch(PAYPAL_SOURCE, STRIPE_SOURCE)
        self._until_paid(len(payouts))
        before = self._booked(sales)
        printed = self._reconcile()
        accounts = self._cleared(before, file)
        self._screen.rows(clearing.COLUMNS, [one.row() for one in accounts])
        self._screen.prose(
            "What was taken and is matched has left clearing. Stripe's reports state no balance: all of it was paid out."
        )
        self.wrong += [flaw for one in accounts for flaw in one.flaws()]
        if BREAKS_COMMAND in printed:
            self.wrong.append("the reconciliation of the first day left breaks")
        self._screen.prose("The report of the run, which anyone can make again, byte for byte:")
        report = self._processes.printed("reconcile", "report")
        self._screen.command(REPORT_COMMAND, report)
        if TIED not in report:
            self.wrong.append("the report of the first day does not tie to the ledger")

    def _second_day(self) -> list[Sale]:
        self._screen.heading("The next day PayPal's file lies: it states one payment 5.00 EUR too low")
        sales = self._sold(NEXT_DAY_PAYMENTS)
        lie = Lie(sales[-1].charge_id, LIE_MINOR)
        file = self._days.end_at_paypal(withdrawn_minor={}, lie=lie)
        self._screen.prose(
            f"\n{file} adds up in itself, with the lie in all its totals. The ledger knows better:"
        )
        self._fetch(PAYPAL_SOURCE)
        self._reconcile()
        printed = self._processes.printed("reconcile", "breaks")
        self._screen.command(
            BREAKS_COMMAND, f"{clearing.each_break(printed)}\n\n{clearing.broken_down(printed)}"
        )
        found, about = clearing.breaks(printed), clearing.charges_of_breaks(printed)
        if found != [PLANTED] or about != [lie.charge_id]:
            self.wrong.append(
                f"the breaks of the second day should be {[PLANTED]} about {lie.charge_id}, not {found} about {about}"
            )
        self._tell_operations()
        return sales

    def _tell_operations(self) -> None:
        """Let the role that fetches, reconciles and tells operations do that once; print what it told, a notice of the second day alone."""
        self._processes.start("reconciliation")
        until = time.monotonic() + TIMEOUT_SECONDS
        while TOLD not in (printed := self._processes.printed("reconcile", "notices")):
            if time.monotonic() > until:
                raise DemoFailed("operations are not told of the run that found the break")
            time.sleep(LOOK_SECONDS)
        self._processes.terminate("reconciliation")
        told = clearing.notices(printed)
        self._screen.prose(
            "Operations are told by the role `reconciliation`, on the console, and by webhook and e-mail where these are set:"
        )
        self._screen.command("fincore reconcile notices", "\n".join(told))
        if len(told) != 1 or not told[0].endswith(", 1 new break"):
            self.wrong.append(f"operations should be told of one new break once, not {told}")

    def _fetch(self, *sources: str) -> None:
        """Fetch from sources at the same time: each waits until its files stand still."""
        with ThreadPoolExecutor(len(sources)) as pool:
            fetched = pool.map(lambda source: self._processes.printed(*_fetching(source)), sources)
            for source, printed in zip(sources, fetched, strict=True):
                self._screen.command(" ".join(("fincore", *_fetching(source))), clearing.without_ids(printed))

    def _reconcile(self) -> str:
        printed = self._processes.printed("reconcile", "run")
        self._screen.command("fincore reconcile run", printed)
        return printed

    def _until_paid(self, payouts: int) -> None:
        """Return once FinCore knows of every payout of Stripe that it is paid."""
        until = time.monotonic() + TIMEOUT_SECONDS
        while len(self._processes.printed("payouts", "list", "--status=paid").splitlines()) <= payouts:
            if time.monotonic() > until:
                raise DemoFailed(f"FinCore does not know of {payouts} payouts that they are paid")
            time.sleep(LOOK_SECONDS)

    def _booked(self, sales: Sequence[Sale]) -> Balances:
        """The balances, once the ledger has booked what the charges of `sales` came to."""
        asyncio.run(self._till.look(sales))
        charges = [sale.charge for sale in sales if sale.charge]
        until = time.monotonic() + TIMEOUT_SECONDS
        while True:
            books = self._processes.printed("ledger", "trial-balance")
            if not agreement.unbooked(books, charges) or time.monotonic() > until:
                return clearing.balances(books)
            time.sleep(LOOK_SECONDS)

    def _cleared(self, before: Balances, file: str) -> list[Cleared]:
        """What the day left, once the ledger has booked what the run matched."""
        endings = self._endings(file)
        until = time.monotonic() + TIMEOUT_SECONDS
        while True:
            after = clearing.balances(self._processes.printed("ledger", "trial-balance"))
            accounts = clearing.cleared(before, after, endings, _BANKS)
            if not any(any(one.flaws()) for one in accounts) or time.monotonic() > until:
                return accounts
            time.sleep(LOOK_SECONDS)

    def _endings(self, name: str) -> dict[PspAccount, int]:
        """The balances that PayPal's file states at its end, from the file as FinCore keeps it."""
        path = self._processes.kept_file("paypal", PAYPAL_ACCOUNT, name)
        printed = self._processes.printed("reconcile", "check", str(path), "--format=paypal_stl")
        return {
            PspAccount("paypal", PAYPAL_ACCOUNT, currency): minor
            for currency, minor in clearing.ending_balances(printed).items()
        }


def _fetching(source: str) -> tuple[str, ...]:
    return ("reconcile", "fetch", f"--source={source}")
