"""What `fincore parked` can do: charges that a read model no longer follows."""

from typing import Literal

from cyclopts import App

from fincore.backoffice import parked_charges
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import Charge
from fincore.cli.terminal import moment_text, on_stores, show, show_table
from fincore.domain.counting import counted
from fincore.domain.ids import charge_of

parked = App(
    name="parked", help="Charges that a read model no longer follows, because of an event it cannot apply."
)


@parked.command(name="list")
def list_parked() -> None:
    """List the parked charges: which consumer no longer follows it, since which of its events, and why.

    `fincore charges show` prints a charge with that event. Once the cause is mended, `fincore parked resume` lets the
    consumers catch up.
    """
    found = on_stores(lambda stores: parked_charges.list_parked(stores.log, stores.followers))
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
    """Let consumers catch up with parked charges and follow them again, once the cause is mended.

    Parameters
    ----------
    charge_id
        The charge, as `fincore parked list` lists it.
    more_charge_ids
        Further ones.
    consumer
        Only this one; all that left the charge alone, unless said.
    """

    async def resume(stores: OperatorStores) -> None:
        for each in (charge_id, *more_charge_ids):
            for resumed in await parked_charges.resume_parked(
                stores.log, stores.followers, charge_id=each, consumer_name=consumer
            ):
                show(
                    f"{each} is followed again by {resumed.consumer}: {counted(resumed.events, 'event')} caught up"
                )

    on_stores(resume)
