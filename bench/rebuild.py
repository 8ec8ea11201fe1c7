"""How fast the read path is when it starts from zero: the projection of charges, and the ledger."""

import asyncio
from typing import Final

from bench.consume import Consumed, Consumption, consume
from bench.figures import Figure, show
from bench.history import write_history
from bench.store import Store

CHARGES: Final = 100_000
MERCHANTS: Final = 1_000
ROW_AT_A_TIME: Final = 3_000


def measure(store: Store) -> None:
    """Rebuild the view and the ledger from a log of many merchants, and the ledger again from one of a single merchant."""
    uniform = store.fresh_database()
    events = asyncio.run(write_history(uniform, charges=CHARGES, merchants=MERCHANTS))
    rebuilt = consume(Consumption(dsn=uniform, consumer="rebuild"))
    followed = consume(Consumption(dsn=store.emptied_view(uniform), consumer="projectionist"))
    books = consume(Consumption(dsn=uniform, consumer="ledger"))

    hot = store.fresh_database()
    asyncio.run(write_history(hot, charges=CHARGES, merchants=1))
    hot_books = consume(Consumption(dsn=hot, consumer="ledger"))

    single = store.fresh_database()
    asyncio.run(write_history(single, charges=2 * ROW_AT_A_TIME, merchants=MERCHANTS))
    row_at_a_time = consume(Consumption(dsn=single, consumer="ledger", row_at_a_time=ROW_AT_A_TIME))

    show(
        "Rebuild",
        f"A log of {CHARGES:,} charges ({events:,} events: created, then captured with about 200 charges in between), "
        f"read by one process in batches of 1,000 events. The projection is rebuilt beside the live one, as the product "
        f"does it, indexes and swap included; following the log is what the projectionist does. The ledger's entries "
        f"are one a charge, two postings each; its consumer also reads the events that book nothing. "
        f"The reference posts with the same statements, one entry a transaction.",
        [
            Figure(
                name="projection rebuild",
                value=rebuilt.rate,
                unit="events/s",
                target=30_000,
                reference="following the log",
                reference_value=followed.rate,
            ),
            Figure(
                name=f"ledger, {MERCHANTS:,} merchants",
                value=books.rate / 2,
                unit="entries/s",
                target=20_000,
                reference="row at a time",
                reference_value=row_at_a_time.rate,
            ),
            Figure(
                name="ledger, one hot merchant",
                value=hot_books.rate / 2,
                unit="entries/s",
                target=0.8 * books.rate / 2,
                reference="uniform",
                reference_value=books.rate / 2,
            ),
        ],
        [
            _memory("rebuild", rebuilt),
            _memory("ledger", books),
            _cpu("rebuild", rebuilt),
            _cpu("ledger", books),
        ],
    )


def _memory(name: str, consumed: Consumed) -> str:
    return (
        f"memory of the {name}: {consumed.memory_early_mib:.0f} MiB early on, "
        f"{consumed.memory_peak_mib:.0f} MiB at its peak"
    )


def _cpu(name: str, consumed: Consumed) -> str:
    return f"CPU of the {name}'s own process: {consumed.cpu_seconds / consumed.seconds:.2f} of a core"
