"""Places where a process can be made to die, by name, to prove that dying there loses and doubles nothing.

They stand before and after every commit, every call to a PSP, a merchant, the risk store or a source of settlement files, every step of a run
of reconciliation, and every step of what carries events and jobs outside PostgreSQL. Nothing is armed unless a test arms it,
and an unarmed failpoint is one look into an empty dict.
"""

import os
import signal
from itertools import product
from typing import Final, Literal

from fincore.domain.checkout_session_events import SHAPES
from fincore.domain.events import EVENTS

Place = Literal["before", "after"]

_PSP_CALLS: Final = (
    "authorize",
    "complete",
    "capture",
    "cancel",
    "refund",
    "inquire",
    "inquire_refund",
    "inquire_dispute",
    "charge_of",
)
NEVER_FIRST: Final = frozenset({"charge.risk_assessed", "charge.review_opened"})
"""Events that are written beside another one, which comes before them in the Commit: it has their names, too."""
_SETTLEMENT: Final = ("settlement_fetch", "evidence", "settlement_file")
_RUN: Final = (
    "settlement_lines",
    "commit.settlement_file.accepted",
    "commit.payout.created",
    "settlement_booked",
    "bank_statement",
    "commit.payout.paid",
    "commit.charge.fee_returned",
    "commit.charge.fee_taken_again",
    "commit.charge.attempt_fee_assessed",
    "commit.charge.attempt_fee_returned",
    "settlement_adjustment",
    "commit.adjustment.booked",
    "settlement_matches",
    "commit.settlement_file.matched",
    "settlement_run",
    "settlement_report",
)
_BESIDE_RUNS: Final = ("settlement_day", "settlement_notice", "settlement_notice_sent", "settlement_rebuild")
_CONSUMERS: Final = ("projectionist", "ledger", "notify", "risk")
_CARRIED: Final = ("relay_events", "relay_checkpoint", "relay_jobs", "job_claim", "job_result", "job_message")

RUN_FAILPOINTS: Final[tuple[str, ...]] = tuple(
    f"{where}.{place}" for where, place in product(_RUN, ("before", "after"))
)
"""The places of a run of reconciliation, in its order: a file is read, told to the log and booked, lines are matched and the log is told, and
the run's report is kept; between them a bank's statement is imported, charges learn fees, and a person adjusts a break. `before` a transaction of
the ledger's database is its end."""

BESIDE_RUN_FAILPOINTS: Final[tuple[str, ...]] = tuple(
    f"{where}.{place}" for where, place in product(_BESIDE_RUNS, ("before", "after"))
)
"""The places beside it: a day is sealed, a notice to operations is made, and is sent and noted as sent, and a lost run is derived anew."""

PROPOSAL_FAILPOINTS: Final[tuple[str, ...]] = ("proposal.before", "proposal.after")
"""The places around the execution of what two people of staff agreed on."""

CARRIED_FAILPOINTS: Final[tuple[str, ...]] = tuple(
    f"{where}.{place}" for where, place in product(_CARRIED, ("before", "after"))
)
"""The places where a stream and a queue outside PostgreSQL carry events and jobs: the relay calls the stream, moves its checkpoint and calls the queue;
a worker or a function claims the jobs of messages and writes down that they are done, and a worker deletes the messages."""

FAILPOINTS: Final[tuple[str, ...]] = (
    RUN_FAILPOINTS
    + BESIDE_RUN_FAILPOINTS
    + PROPOSAL_FAILPOINTS
    + CARRIED_FAILPOINTS
    + tuple(
        f"{where}.{place}"
        for where, place in product(
            (
                *(f"psp.{call}" for call in _PSP_CALLS),
                *(
                    f"commit.{name}"
                    for name in (*EVENTS, *SHAPES, "webhook", "response")
                    if f"commit.{name}" not in _RUN
                ),
                *(f"effects.{consumer}" for consumer in _CONSUMERS),
                "delivery",
                "card_token",
                "risk",
                *_SETTLEMENT,
            ),
            ("before", "after"),
        )
    )
)
"""Every place, by name. A commit is named by its first event and by those of `NEVER_FIRST`, or as `webhook` (the inbox) or `response` (the final response
of a request that waited); `effects` are a consumer's, with its checkpoint; `delivery` is a webhook sent to a merchant;
`card_token` is a worker that asks the card edge for the token of a kept card; `risk` is the call that counts an attempt. `settlement_fetch` is a settlement
file that is downloaded, `evidence` one that is kept, `settlement_file` one that is recorded.
"""

_ARMED: Final[dict[str, int]] = {}


def failpoint(where: str, place: Place) -> None:
    """Die here by SIGKILL, as if the machine had lost power, when this place is armed and its hits are used up."""
    if not _ARMED:
        return
    name = f"{where}.{place}"
    hits_left = _ARMED.get(name)
    if hits_left is None:
        return
    if hits_left > 1:
        _ARMED[name] = hits_left - 1
        return
    os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, *, hits: int = 1) -> None:
    """Die at the `hits`-th time the process comes to the place; raise `ValueError` for a name that is none."""
    if name not in FAILPOINTS:
        raise ValueError(f"{name[:64]!r} is no failpoint")
    _ARMED[name] = hits


def is_any_armed() -> bool:
    """Whether it is worth working out the name of a place."""
    return bool(_ARMED)
