"""What `fincore restore` can do: the steps before and after `pg_restore`."""

import sys
from collections.abc import Sequence
from typing import Final, assert_never

from cyclopts import App

from fincore.backoffice.restored_stores import ConsumerStanding
from fincore.bootstrap.restore import prepare_databases, standings_after_restore
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_databases
from fincore.cli.terminal import show
from fincore.eventstore.restored import LogFromTheFuture

restores = App(name="restore", help=COMMANDS["restore"].help)

REMEDIES: Final = {
    "projectionist": "run `fincore rebuild paymentdb`",
    "ledger": "run `fincore rebuild ledgerdb`; where that says that what differs is sealed, restore LedgerDB from a dump "
    "that is not younger than the event store's",
    **dict.fromkeys(
        ("notify", "risk"),
        "restore the event store's dump again: what this consumer applied is in the same dump",
    ),
}
"""By consumer: what to do where it has applied what the restored log does not have."""


@restores.command(name="prepare")
def prepare_restore() -> None:
    """Before pg_restore, create the database role of the services on the new server: no dump holds it."""
    for setting in on_databases(prepare_databases):
        show(f"{setting}: ready for pg_restore")


@restores.command(name="check")
def check_restore() -> None:
    """After pg_restore, say whether FinCore may start and what each read model lacks; exit with 1 if there is more to do."""
    try:
        standings = on_databases(standings_after_restore)
    except LogFromTheFuture as error:
        show(str(error))
        sys.exit(1)
    show(standings_text(standings))
    sys.exit(1 if any(one.standing.place == "ahead" for one in standings) else 0)


def standings_text(standings: Sequence[ConsumerStanding]) -> str:
    """A line for the event store and its server, and one for each consumer."""
    return "\n".join(
        ["eventstore: the server goes on from the end of the log", *(_line(one) for one in standings)]
    )


def _line(one: ConsumerStanding) -> str:
    match one.standing.place:
        case "level":
            said = "has applied the whole log"
        case "behind":
            said = f"is {one.standing.events:,} events behind the log and applies them when it starts"
        case "ahead":
            said = f"has applied events that the restored log does not have: {REMEDIES[one.consumer]}"
        case _:
            assert_never(one.standing.place)
    return f"{one.store}: {one.consumer} {said}"
