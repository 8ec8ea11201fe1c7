"""What `fincore risk lists` can do: lists of values that rules ask for; and `fincore risk block`, which lists what a charge tells."""

import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from fincore.backoffice import risk_lists as use_cases
from fincore.backoffice.risk_lists import Blocked
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import By, Charge, Limit, Merchant, Moment, Reason
from fincore.cli.output_file import written_to
from fincore.cli.rules_file import author
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted
from fincore.write.risk.list_entries import ListEntry, RiskList
from fincore.write.risk.store import ListKind, ListName

lists = App(name="lists", help="Lists that rules ask for: create, show, add, remove, find, import, export.")

PROGRESS_ENTRIES: Final = 100_000
"""How many entries of an import are checked, or written, between two lines that say so."""

Name = Annotated[str, Parameter(help="The list's name, as `fincore risk lists show` lists it.")]
Value = Annotated[str, Parameter(help="The value, as the list's kind has it.")]
OfMerchant = Annotated[
    Merchant | None, Parameter(help="Only charges of this merchant; those of all merchants unless given.")
]


@lists.command(name="create")
def create_list(name: str, *, kind: ListKind, reason: Reason, by: By | None = None) -> None:
    """Create an empty list, for rules to ask for: `in_list("NAME", email)`.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    name
        Lower-case letters, digits and underscores.
    kind
        What it holds. A list of `ip` holds addresses and networks such as 203.0.113.0/24, one of `bin` the first 6 digits of cards.
    """
    on_stores(
        lambda stores: use_cases.create_list(stores.risk_lists, name, kind, by=author(by), reason=reason),
        "eventstore",
    )
    show(f"list {name} holds values of the kind {kind}")


@lists.command(name="show")
def show_lists(
    name: str | None = None, *, history: Annotated[bool, Parameter(negative="")] = False, limit: Limit = 100
) -> None:
    """Print the entries of a list, or every list.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    name
        The list; all lists unless given.
    history
        Print the entries that were removed or have expired, too.
    """
    if name is None:
        show_table(
            ("list", "kind", "entries", "created", "by", "reason"),
            [_list_row(one) for one in on_stores(lambda stores: stores.risk_lists.all(), "eventstore")],
        )
        return

    async def entries(stores: OperatorStores) -> list[ListEntry]:
        await use_cases.kind_of(stores.risk_lists, name)
        return await stores.risk_lists.page(ListName(name), is_history=history, limit=limit)

    found = on_stores(entries, "eventstore")
    columns = ("value", "merchant", "added", "by", "reason", "expires")
    if history:
        show_table((*columns, "removed", "by", "reason"), [(*_row(one), *_removal(one)) for one in found])
    else:
        show_table(columns, [_row(one) for one in found])
    if len(found) == limit:
        show(f"only the first {limit:,}; `fincore risk lists export {name}` prints all")


@lists.command(name="add")
def add_value(
    name: Name,
    value: Value,
    *,
    reason: Reason,
    by: By | None = None,
    merchant: OfMerchant = None,
    expires: Moment | None = None,
) -> None:
    """Add a value to a list, in the place of one that was there. It counts for the next charge.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    expires
        The entry counts until then: a day, to its end, or a moment, by UTC. For good unless given.
    """
    written = on_stores(
        lambda stores: use_cases.add_value(
            stores.risk_lists,
            name,
            value,
            merchant_id=merchant,
            expires_at=expires,
            now=stores.clock.now(),
            by=author(by),
            reason=reason,
        ),
        "eventstore",
    )
    show(f"{written} is on the list {name}{f' until {moment_text(expires)} UTC' if expires else ''}")


@lists.command(name="remove")
def remove_value(
    name: Name, value: Value, *, reason: Reason, by: By | None = None, merchant: OfMerchant = None
) -> None:
    """Remove a value from a list. `fincore risk lists show NAME --history` still shows it.

    It exits with 1 if the list does not have it.
    """
    removed = on_stores(
        lambda stores: use_cases.remove_value(
            stores.risk_lists, name, value, merchant_id=merchant, by=author(by), reason=reason
        ),
        "eventstore",
    )
    show(f"{removed} is on the list {name} no more" if removed else f"the list {name} does not have it")
    sys.exit(0 if removed else 1)


@lists.command(name="find")
def find_value(value: str, *, limit: Limit = 100) -> None:
    """Print the entries of all lists that match a value, networks that contain an address among them.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    value
        An e-mail address, a domain, an IP address, a fingerprint, first digits, a country, or an id of a customer or a device.
    """
    found = on_stores(
        lambda stores: use_cases.find_value(stores.risk_lists, value, limit=limit), "eventstore"
    )
    show_table(
        ("list", "value", "merchant", "added", "by", "reason", "expires"),
        [(one.list, *_row(one)) for one in found],
    )


@lists.command(name="import")
def import_file(name: Name, file: Path, *, reason: Reason, by: By | None = None) -> None:
    """Add the entries of a CSV file to a list: all of them, or none if a line is wrong.

    What is listed already for as long stays as it is. An entry that has expired is a wrong line.

    Its first line names the columns: `value`, and as needed `reason`, `expires_at` and `merchant_id`.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    file
        The file, in UTF-8.
    """
    found = on_stores(
        lambda stores: use_cases.import_file(
            stores.risk_lists,
            name,
            file,
            now=stores.clock.now(),
            by=author(by),
            reason=reason,
            progress=_show_progress,
        ),
        "eventstore",
    )
    show(
        f"{counted(found.entries, 'entry', 'entries')}, of which {found.added:,} were not on the list {name}, or not for as long"
    )


@lists.command(name="export")
def export_file(
    name: Name, file: Path | None = None, *, force: Annotated[bool, Parameter(negative="")] = False
) -> None:
    """Write the entries of a list as CSV, which `fincore risk lists import` reads.

    A cell that a spreadsheet would calculate begins with an apostrophe.

    Parameters
    ----------
    by
        Your name, which is stored with this change; that of the user of this machine unless given.
    file
        Where to; to standard output unless given.
    force
        Replace the file if there is one.
    """

    async def export(stores: OperatorStores) -> None:
        await use_cases.kind_of(stores.risk_lists, name)
        with written_to(file, may_replace=force) as write:
            async for line in use_cases.export_lines(stores.risk_lists, name):
                write(line)

    on_stores(export, "eventstore")


def block_charge(charge_id: Charge, *, reason: Reason, by: By | None = None) -> None:
    """Put the customer, e-mail address, card, IP address and device of a charge on the lists of blocked ones.

    Ids of customers and devices are listed for the merchant of the charge alone, the others for all merchants; an IP address of version 6
    by its network of 64 bits. A charge of test mode is refused. What is not known of the charge is named. The lists are made when they are first needed; rules have to ask for them.
    """
    blocked = on_stores(
        lambda stores: use_cases.block_charge(
            stores.risk_lists, stores.log, charge_id, by=author(by), reason=reason
        ),
        "eventstore",
    )
    show_table(("list", "value", "merchant", ""), [_blocked_row(one) for one in blocked])
    show('a rule such as `in_list("blocked_emails", email)` has to ask for each: see `fincore risk show`')


def _show_progress(done: str, entries: int) -> None:
    if entries % PROGRESS_ENTRIES == 0:
        show(f"{entries:,} entries {done} so far")


def _list_row(one: RiskList) -> tuple[str, ...]:
    return one.name, one.kind, f"{one.entries:,}", moment_text(one.created_at), one.created_by, one.reason


def _row(one: ListEntry) -> tuple[str, ...]:
    return (
        one.value,
        one.merchant_id or "all",
        moment_text(one.added_at),
        one.added_by,
        one.reason,
        moment_text(one.expires_at),
    )


def _removal(one: ListEntry) -> tuple[str, ...]:
    return moment_text(one.removed_at), one.removed_by or "", one.removal_reason or ""


def _blocked_row(one: Blocked) -> tuple[str, ...]:
    if one.value is None:
        return one.list, "", "", "not known of this charge"
    return one.list, one.value, one.merchant_id or "all", "was listed" if one.was_listed else "added"
