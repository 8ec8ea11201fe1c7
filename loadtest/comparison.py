"""Every charge in four records: what the generators offered and were told, FinCore's log, its view and ledger, and the PSP sandbox. Pure."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from bench.progress import Totals

from loadtest.offered import Offered

EXAMPLES_MAX: Final = 5


class LoggedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge in FinCore: the key of the load in its metadata, what was asked for, what was captured and refunded, and whether it is over."""

    load_key: str | None
    amount_minor: int
    captured_minor: int
    refunded_minor: int


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """A charge at the PSP: how often it was paid, and how much was taken and given back, in minor units."""

    times: int
    captured_minor: int
    refunded_minor: int


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """The records; None where one cannot be read. `refunds` are those of the log, with what the customer got."""

    offered: Offered
    logged: Mapping[str, LoggedCharge]
    refunds: Mapping[str, int]
    totals: Totals | None
    at_psp: Mapping[str, Paid] | None


def disagreements(records: Records) -> list[str]:
    """Sentences about what does not agree, with examples; none when all is well."""
    offered, logged = records.offered, records.logged
    found = [
        _named(
            "charges that were accepted are not in FinCore",
            [charge_id for charge_id in offered.accepted if charge_id not in logged],
        ),
        _named(
            "charges have another amount in FinCore than was offered",
            [
                charge_id
                for charge_id, amount in offered.accepted.items()
                if charge_id in logged and logged[charge_id].amount_minor != amount
            ],
        ),
        _named(
            "charges are in FinCore that nothing offered",
            [
                charge_id
                for charge_id, charge in logged.items()
                if charge_id not in offered.accepted and charge.load_key not in offered.offered_keys
            ],
        ),
        _named("keys made more than one charge", _doubled(logged)),
        _named(
            "charges gave back more than they took",
            [one for one, charge in logged.items() if charge.refunded_minor > charge.captured_minor],
        ),
        _named(
            "refunds that were accepted are not in FinCore",
            [refund_id for refund_id in offered.refunds if refund_id not in records.refunds],
        ),
    ]
    if records.at_psp is not None:
        found += _against_psp(logged, records.at_psp)
    if records.totals is not None:
        found += _against_totals(logged, records.totals)
    return [sentence for sentence in found if sentence]


def _against_psp(logged: Mapping[str, LoggedCharge], at_psp: Mapping[str, Paid]) -> list[str]:
    nothing = Paid(times=0, captured_minor=0, refunded_minor=0)
    return [
        _named(
            "payments are at the PSP of charges that FinCore does not have",
            [charge_id for charge_id in at_psp if charge_id not in logged],
        ),
        _named(
            "charges were paid more than once at the PSP",
            [charge_id for charge_id, paid in at_psp.items() if paid.times > 1],
        ),
        _named(
            "charges have another captured amount at the PSP than in FinCore",
            [
                charge_id
                for charge_id, charge in logged.items()
                if charge.captured_minor != at_psp.get(charge_id, nothing).captured_minor
            ],
        ),
        _named(
            "charges have another refunded amount at the PSP than in FinCore",
            [
                charge_id
                for charge_id, charge in logged.items()
                if charge.refunded_minor != at_psp.get(charge_id, nothing).refunded_minor
            ],
        ),
    ]


def _against_totals(logged: Mapping[str, LoggedCharge], totals: Totals) -> list[str]:
    captured = [charge.captured_minor for charge in logged.values() if charge.captured_minor]
    refunded = sum(charge.refunded_minor for charge in logged.values())
    compared = (
        ("the view has {:,} charges, the log {:,}", totals.charges, len(logged)),
        ("the view has {:,} captured charges, the log {:,}", totals.view_captures, len(captured)),
        (
            "the view has {:,} captured in minor units, the log {:,}",
            totals.view_captured_minor,
            sum(captured),
        ),
        ("the view has {:,} refunded in minor units, the log {:,}", totals.view_refunded_minor, refunded),
        (
            "the ledger has {:,} captured in minor units, the log {:,}",
            totals.ledger_captured_minor,
            sum(captured),
        ),
        ("the ledger has {:,} refunded in minor units, the log {:,}", totals.ledger_refunded_minor, refunded),
    )
    return [text.format(seen, told) for text, seen, told in compared if seen != told]


def paid_at_sandbox(
    state: Mapping[str, Any], refunds: list[dict[str, Any]], refund_charges: Mapping[str, str]
) -> dict[str, Paid]:
    """What the sandbox has of each charge: its state by metadata, its refunds, and the charge of each refund."""
    refunded: dict[str, int] = {}
    for row in refunds:
        charge_id = refund_charges.get(row["metadata"].get("fincore_refund_id", ""))
        if charge_id and row["status"] == "succeeded":
            refunded[charge_id] = refunded.get(charge_id, 0) + row["amount"]
    found = {
        charge_id: Paid(
            times=row["succeeded"],
            captured_minor=row["amount_received"],
            refunded_minor=refunded.get(charge_id, 0),
        )
        for charge_id, row in state["by_metadata"].items()
    }
    for charge_id, row in state["paypal"]["by_custom_id"].items():
        found[charge_id] = Paid(
            times=row["captures"], captured_minor=row["captured_minor"], refunded_minor=row["refunded_minor"]
        )
    return found


def _doubled(logged: Mapping[str, LoggedCharge]) -> list[str]:
    keys: set[str] = set()
    twice = []
    for charge in logged.values():
        if charge.load_key is None:
            continue
        if charge.load_key in keys:
            twice.append(charge.load_key)
        keys.add(charge.load_key)
    return twice


def _named(what: str, found: list[str]) -> str:
    """A count with examples; empty when there is none."""
    if not found:
        return ""
    examples = ", ".join(found[:EXAMPLES_MAX])
    return f"{len(found):,} {what}: {examples}{', ...' if len(found) > EXAMPLES_MAX else ''}"
