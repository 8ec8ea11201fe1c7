"""How fast the view and the ledger are built again from the log, and that their memory does not grow with it."""

import asyncio
from typing import Final, NamedTuple

from bench.consume import Consumed, Consumption, consume
from bench.figures import Figure, show
from bench.history import write_history
from bench.store import Store

CHARGES: Final = (50_000, 500_000)
"""The logs, by their charges: each is two events."""
MERCHANTS: Final = 1_000


class _Rebuilt(NamedTuple):
    """What one log took: its events, both rebuilds, and booking it."""

    dsn: str
    events: int
    view: Consumed
    ledger: Consumed
    booked: Consumed


def measure(store: Store) -> None:
    """Rebuild the view and the ledger from a short log and from one ten times as long."""
    short, long = (_rebuilt(store, charges) for charges in CHARGES)
    followed = consume(Consumption(dsn=store.emptied_view(short.dsn), consumer="projectionist"))
    show(
        "Rebuild",
        f"Logs of {short.events:,} and {long.events:,} events (charges created, then captured with about 200 charges in "
        f"between, {MERCHANTS:,} merchants). The projection is rebuilt beside the live one, as the product does it, "
        f"indexes and swap included; following the log is what the projectionist does. The ledger is rebuilt beside one "
        f"that has booked the log, an entry a charge, and compared with it row for row. Memory is at its peak; some 60 MiB of it are Python and what is imported.",
        [
            Figure(
                name=f"projection rebuild, {short.events:,} events",
                value=short.view.rate,
                unit="events/s",
                target=30_000,
                reference="following the log",
                reference_value=followed.rate,
            ),
            Figure(
                name=f"projection rebuild, {long.events:,} events",
                value=long.view.rate,
                unit="events/s",
                target=30_000,
                reference=f"{short.events:,} events",
                reference_value=short.view.rate,
            ),
            Figure(
                name=f"ledger rebuild, {short.events:,} events",
                value=short.ledger.rate,
                unit="events/s",
                reference="booking them",
                reference_value=short.booked.rate,
            ),
            Figure(
                name=f"ledger rebuild, {long.events:,} events",
                value=long.ledger.rate,
                unit="events/s",
                reference=f"{short.events:,} events",
                reference_value=short.ledger.rate,
            ),
            Figure(
                name=f"memory, projection, {long.events:,} events",
                value=long.view.memory_peak_mib,
                unit="MiB",
                reference=f"{short.events:,} events",
                reference_value=short.view.memory_peak_mib,
            ),
            Figure(
                name=f"memory, ledger, {long.events:,} events",
                value=long.ledger.memory_peak_mib,
                unit="MiB",
                reference=f"{short.events:,} events",
                reference_value=short.ledger.memory_peak_mib,
            ),
        ],
        [
            _memory("projection rebuild", long.view),
            _memory("ledger rebuild", long.ledger),
            _cpu("projection rebuild", long.view),
            _cpu("ledger rebuild", long.ledger),
        ],
    )


def _rebuilt(store: Store, charges: int) -> _Rebuilt:
    dsn = store.fresh_database()
    events = asyncio.run(write_history(dsn, charges=charges, merchants=MERCHANTS))
    view = consume(Consumption(dsn=dsn, consumer="rebuild"))
    booked = consume(Consumption(dsn=dsn, consumer="ledger"))
    ledger = consume(Consumption(dsn=dsn, consumer="ledger-rebuild"))
    return _Rebuilt(dsn, events, view, ledger, booked)


def _memory(name: str, consumed: Consumed) -> str:
    return (
        f"memory of the {name}: {consumed.memory_early_mib:.0f} MiB after a tenth of the {consumed.events:,} events, "
        f"{consumed.memory_peak_mib:.0f} MiB at its peak"
    )


def _cpu(name: str, consumed: Consumed) -> str:
    return f"CPU of the {name}'s own process: {consumed.cpu_seconds / consumed.seconds:.2f} of a core"
