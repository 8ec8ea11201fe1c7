"""What `fincore parked` can do: charges, and other streams of the log, that a read model no longer follows."""

from typing import Literal

from cyclopts import App

from fincore.backoffice import parked_charges
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.arguments import ParkedId
from fincore.cli.commands import COMMANDS
from fincore.cli.stores import on_stores
from fincore.cli.terminal import moment_text, show, show_table
from fincore.domain.counting import counted

parked = App(name="parked", help=COMMANDS["parked"].help)


@parked.command(name="list")
def list_parked() -> None:
    """List what is parked, such as charges: the consumer that no longer follows each, the event that it cannot apply, the reason.

    `fincore charges show` and `fincore sessions show` print one with that event. Once the cause is fixed, run `fincore parked resume`.
    """
    found = on_stores(lambda stores: parked_charges.list_parked(stores.whole_log, stores.followers))
    show_table(
        ("consumer", "parked", "version", "event", "since", "reason"),
        [
            (
                parked.consumer,
                name,
                str(parked.since_version),
                event_type,
                moment_text(parked.parked_at),
                parked.reason,
            )
            for parked, name, event_type in found
        ],
    )


@parked.command(name="resume")
def resume_parked(
    parked_id: ParkedId,
    *more_ids: ParkedId,
    consumer: Literal["projectionist", "ledger", "notify", "risk"] | None = None,
) -> None:
    """Let consumers apply what they left out of what is parked, and follow it again. Fix the cause first.

    Parameters
    ----------
    parked_id
        The id of what is parked, such as a charge, as `fincore parked list` lists it.
    more_ids
        Further ones.
    consumer
        Only this consumer; by default all that parked it.
    """

    async def resume(stores: OperatorStores) -> None:
        for each in (parked_id, *more_ids):
            for resumed in await parked_charges.resume_parked(
                stores.whole_log, stores.followers, name=each, consumer_name=consumer
            ):
                show(
                    f"{each} is followed again by {resumed.consumer}: {counted(resumed.events, 'event')} caught up"
                )

    on_stores(resume)
