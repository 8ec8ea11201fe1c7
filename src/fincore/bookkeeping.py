"""The bookkeepers' commands: what `fincore ledger` can do."""

from cyclopts import App

from fincore.bootstrap import operations
from fincore.terminal import on_databases, show

ledger = App(name="ledger", help="The double-entry ledger.")


@ledger.command(name="trial-balance")
def trial_balance(*, live: bool = False) -> None:
    """Print debits, credits and balance of every account."""
    show(on_databases(lambda databases: operations.trial_balance(databases, livemode=live)))
