"""The comparison of every charge: what each record must hold of it."""

from typing import Any

import msgspec
import pytest
from bench.progress import Totals
from loadtest.comparison import LoggedCharge, Paid, Records, disagreements, paid_at_sandbox
from loadtest.offered import Offered

OFFERED = Offered(
    accepted={"ch_1": 1000, "ch_2": 500},
    accepted_keys={"k1", "k2"},
    offered_keys={"k1", "k2", "k3"},
    refunds={"re_1": 400},
)
LOGGED = {
    "ch_1": LoggedCharge(load_key="k1", amount_minor=1000, captured_minor=1000, refunded_minor=400),
    "ch_2": LoggedCharge(load_key="k2", amount_minor=500, captured_minor=0, refunded_minor=0),
    "ch_3": LoggedCharge(load_key="k3", amount_minor=700, captured_minor=700, refunded_minor=0),
}
AT_PSP = {
    "ch_1": Paid(times=1, captured_minor=1000, refunded_minor=400),
    "ch_2": Paid(times=0, captured_minor=0, refunded_minor=0),
    "ch_3": Paid(times=1, captured_minor=700, refunded_minor=0),
}
TOTALS = Totals(
    charges=3,
    view_captures=2,
    view_captured_minor=1700,
    view_refunds=1,
    view_refunded_minor=400,
    ledger_captures=2,
    ledger_captured_minor=1700,
    ledger_refunds=1,
    ledger_refunded_minor=400,
)
AGREED = Records(offered=OFFERED, logged=LOGGED, refunds={"re_1": 400}, totals=TOTALS, at_psp=AT_PSP)


def changed(charge_id: str, **fields: Any) -> dict[str, LoggedCharge]:
    """The log with one charge that differs."""
    return LOGGED | {charge_id: msgspec.structs.replace(LOGGED[charge_id], **fields)}


def test_records_that_agree_have_no_difference() -> None:
    """`k3` was offered and not answered: FinCore may have it."""
    assert disagreements(AGREED) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"logged": {key: LOGGED[key] for key in ("ch_1", "ch_3")}},
            "1 charges that were accepted are not in FinCore: ch_2",
        ),
        (
            {"logged": changed("ch_2", amount_minor=501)},
            "1 charges have another amount in FinCore than was offered: ch_2",
        ),
        (
            {"logged": changed("ch_3", load_key="other")},
            "1 charges are in FinCore that nothing offered: ch_3",
        ),
        ({"logged": changed("ch_3", load_key=None)}, "1 charges are in FinCore that nothing offered: ch_3"),
        ({"logged": changed("ch_3", load_key="k2")}, "1 keys made more than one charge: k2"),
        ({"refunds": {}}, "1 refunds that were accepted are not in FinCore: re_1"),
        (
            {"at_psp": AT_PSP | {"ch_9": AT_PSP["ch_1"]}},
            "1 payments are at the PSP of charges that FinCore does not have: ch_9",
        ),
        (
            {"at_psp": AT_PSP | {"ch_1": Paid(times=2, captured_minor=1000, refunded_minor=400)}},
            "1 charges were paid more than once at the PSP: ch_1",
        ),
        (
            {"at_psp": AT_PSP | {"ch_1": Paid(times=1, captured_minor=999, refunded_minor=400)}},
            "1 charges have another captured amount at the PSP than in FinCore: ch_1",
        ),
        (
            {"at_psp": {key: AT_PSP[key] for key in ("ch_1", "ch_2")}},
            "1 charges have another captured amount at the PSP than in FinCore: ch_3",
        ),
        (
            {"at_psp": AT_PSP | {"ch_1": Paid(times=1, captured_minor=1000, refunded_minor=0)}},
            "1 charges have another refunded amount at the PSP than in FinCore: ch_1",
        ),
        ({"totals": msgspec.structs.replace(TOTALS, charges=2)}, "the view has 2 charges, the log 3"),
        (
            {"totals": msgspec.structs.replace(TOTALS, ledger_captured_minor=1699)},
            "the ledger has 1,699 captured in minor units, the log 1,700",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_difference_is_told_with_the_charge(change: dict[str, Any], said: str) -> None:
    assert said in disagreements(msgspec.structs.replace(AGREED, **change))


def test_many_differences_are_told_by_examples() -> None:
    lost = {f"ch_{number}": number for number in range(100)}
    told = disagreements(
        Records(
            offered=msgspec.structs.replace(OFFERED, accepted=lost),
            logged={},
            refunds={},
            totals=None,
            at_psp=None,
        )
    )

    assert "100 charges that were accepted are not in FinCore: ch_0, ch_1, ch_2, ch_3, ch_4, ..." in told


def test_payments_of_both_psps_are_read_from_the_sandbox() -> None:
    state = {
        "by_metadata": {"ch_1": {"intents": 1, "authorized": 0, "succeeded": 1, "amount_received": 1000}},
        "paypal": {
            "by_custom_id": {
                "ch_2": {"orders": 1, "captures": 1, "captured_minor": 300, "refunded_minor": 100}
            }
        },
    }
    refunds = [
        {"metadata": {"fincore_refund_id": "re_1"}, "status": "succeeded", "amount": 400, "id": "r1"},
        {"metadata": {"fincore_refund_id": "re_2"}, "status": "failed", "amount": 50, "id": "r2"},
        {"metadata": {}, "status": "succeeded", "amount": 7, "id": "r3"},
    ]

    assert paid_at_sandbox(state, refunds, {"re_1": "ch_1", "re_2": "ch_1"}) == {
        "ch_1": Paid(times=1, captured_minor=1000, refunded_minor=400),
        "ch_2": Paid(times=1, captured_minor=300, refunded_minor=100),
    }
