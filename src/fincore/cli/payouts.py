"""What `fincore payouts` can do: the payouts of PSPs to our bank accounts, listed, and the history of one."""

from typing import Annotated

from cyclopts import App, Parameter

from fincore.backoffice.payouts import payout_history
from fincore.cli.arguments import Limit, Payout, PayoutReference, PspAccountName
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.payout import Payout as PayoutState
from fincore.domain.payout_statuses import PayoutStatus
from fincore.write.routing.plan import AccountName
from fincore.write.settlement.listed_payouts import PayoutFilters, list_payouts

payouts = App(name="payouts", help=COMMANDS["payouts"].help)


@payouts.command(name="list")
def list_known(
    *,
    account: PspAccountName | None = None,
    status: Annotated[PayoutStatus | None, Parameter(help="Only payouts that are in this status.")] = None,
    psp_reference: PayoutReference | None = None,
    limit: Limit = 100,
) -> None:
    """List payouts, the newest first. A negative amount is taken from the bank account. Times are UTC: the PSP's.

    What a PSP reports of a payout and FinCore cannot record is held: `fincore reports list` lists it.
    """
    psp, _, name = (account or "").partition("/")
    filters = PayoutFilters(
        account=AccountName(PspName(psp), PspAccount(name)) if account else None,
        status=status,
        psp_reference=psp_reference,
    )
    found = on_stores(lambda stores: list_payouts(stores.eventstore, filters, limit=limit), "eventstore")
    show_table(
        ("payout", "account", "mode", "amount", "status", "bank account", "created", "changed", "PSP's id"),
        [
            (
                payout.payout_id,
                f"{payout.account.psp}/{payout.account.psp_account}",
                _mode(payout),
                str(payout.money),
                payout.status,
                payout.bank_account or "-",
                moment_text(payout.created_at),
                moment_text(payout.changed_at),
                payout.psp_reference,
            )
            for payout in found
        ],
    )


@payouts.command(name="show")
def show_payout(payout_id: Payout) -> None:
    """Print a payout and each of its events. An event that this version cannot read is printed as it is stored. Times are UTC."""
    found = on_stores(lambda stores: payout_history(stores.payout_log, payout_id), "eventstore")
    if found.state is not None:
        show(_payout_line(found.state))
        show(_way_line(found.state))
        show("")
    if found.stop is not None:
        shown = f"shown as of version {found.stop.version - 1}: " if found.state is not None else ""
        show(f"{shown}version {found.stop.version} cannot be applied: {found.stop.reason}")
    show_table(
        ("version", "happened", "event", "what it says"),
        [(str(one.version), moment_text(one.at), one.type, one.says) for one in found.events],
    )


def _payout_line(payout: PayoutState) -> str:
    account = f"{payout.account.psp}/{payout.account.psp_account}"
    named = f"{payout.payout_id} of {account} ({_mode(payout)}), there {payout.psp_reference}"
    return f"{named}: {payout.status}; {payout.money}"


def _way_line(payout: PayoutState) -> str:
    to_bank = payout.money.amount_minor > 0
    bank = f"bank account {payout.bank_account or 'not known yet'}"
    way = f"from {payout.account.psp} to {bank}" if to_bank else f"from {bank} to {payout.account.psp}"
    expected = f", expected at {moment_text(payout.expected_at)}" if payout.expected_at else ""
    called = "".join(f", called {one} by the bank" for one in payout.bank_references)
    failure = f"; failed: {payout.failure_code}" if payout.failure_code else ""
    return f"{way}{expected}{called}{failure}"


def _mode(payout: PayoutState) -> str:
    return "live" if payout.account.livemode else "test"
