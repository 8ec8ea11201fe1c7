"""What `fincore reconcile balances` prints: what PSPs say that they hold for us, beside the books."""

import os
import sys
from typing import Final

from fincore.backoffice.psp_balances import PspBalances, compare_balances
from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.psp_balances import balance_asks
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.cli.arguments import Live
from fincore.cli.ledger_tables import money_text
from fincore.cli.stores import on_installation
from fincore.cli.terminal import moment_text, show, table_text
from fincore.domain.errors import ConfigurationError

EXIT_PROBLEM: Final = 1


def balances(*, live: Live = False) -> None:
    """Ask each PSP what it holds for us, and print it beside the ledger; exit with 1 if one could not be asked.

    A payment under way, or a webhook that has not come, is a difference, too: repeat the command before you look for a cause.
    """

    async def compared(settings: Settings, databases: Databases) -> PspBalances:
        if not any(account.livemode == live for account in settings.psp_accounts):
            raise ConfigurationError(
                f"no PSP account of {'live' if live else 'test'} mode is configured: set FINCORE_PSP_ACCOUNTS_FILE or a PSP's settings"
            )
        async with (
            balance_asks(settings, secret_resolver(settings, os.environ), livemode=live) as asks,
            operator_stores(databases, "ledgerdb") as stores,
        ):
            return await compare_balances(stores.ledgerdb, asks)

    found = on_installation(compared)
    show(balances_text(found))
    if found.problems:
        sys.exit(EXIT_PROBLEM)


def balances_text(found: PspBalances) -> str:
    """One row for each account and currency, then the accounts that could not be asked."""
    table = table_text(
        ("account", "PSP says", "difference", "balance", "clearing", "held", "unmatched", "as of"),
        [
            (
                f"{one.account.psp}/{one.account.psp_account}",
                *(
                    money_text(minor, one.currency)
                    for minor in (
                        one.stated_minor,
                        one.difference_minor,
                        one.balance_minor,
                        one.clearing_minor,
                        one.held_minor,
                        one.unmatched_minor,
                    )
                ),
                moment_text(one.stated.as_of) if one.stated.as_of else "now",
            )
            for one in found.compared
        ],
    )
    problems = [
        f"{account.psp}/{account.psp_account}: {problem}" for account, problem in found.problems.items()
    ]
    return "\n".join([table, *problems])
