"""What `fincore parked` can do: charges that a read model no longer follows."""

from typing import Literal

from cyclopts import App

from fincore.backoffice import parked_charges
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import Charge
from fincore.cli.commands import COMMANDS
from fincore.cli.terminal import moment_text, on_stores, show, show_table
from fincore.domain.counting import counted
from fincore.domain.ids import charge_of

parked = App(name="parked", help=COMMANDS["parked"].help)


@parked.command(name="list")
def list_parked() -> None:
    """List the parked charges: the consumer that no longer follows each, the event that it cannot apply, and the reason.

    `fincore charges show` prints a charge with that event. Once the cause is fixed, run `fincore parked resume`.
    """
    found = on_stores(lambda stores: parked_charges.list_parked(stores.whole_log, stores.followers))
    show_table(
        ("consumer", "charge", "version", "event", "parked", "reason"),
        [
            (
                parked.consumer,
                charge_of(parked.stream_id),
                str(parked.since_version),
                event_type,
                moment_text(parked.parked_at),
                parked.reason,
            )
            for parked, event_type in found
        ],
    )


@parked.command(name="resume")
def resume_parked(
    charge_id: Charge,
    *more_charge_ids: Charge,
    consumer: Literal["projectionist", "ledger", "notify"] | None = None,
) -> None:
    """Let consumers apply what they left out of parked charges, and follow them again. Fix the cause first.

    Parameters
    ----------
    charge_id
        The charge, as `fincore parked list` lists it.
    more_charge_ids
        Further ones.
    consumer
        Only this consumer; by default all that parked the charge.
    """

    async def resume(stores: OperatorStores) -> None:
        for each in (charge_id, *more_charge_ids):
            for resumed in await parked_charges.resume_parked(
                stores.whole_log, stores.followers, charge_id=each, consumer_name=consumer
            ):
                show(
                    f"{each} is followed again by {resumed.consumer}: {counted(resumed.events, 'event')} caught up"
                )

    on_stores(resume)
