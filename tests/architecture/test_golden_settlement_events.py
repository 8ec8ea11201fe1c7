"""Events of settlement are kept for ever, as those of charges are: what was written is read, and does not drift."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import RunId, payout_id_of, settlement_file_id_of
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.settlement_events import (
    PAYOUT_SHAPES,
    SETTLEMENT_FILE_SHAPES,
    BankAccount,
    PayoutBankReferenceTold,
    PayoutCanceled,
    PayoutCreated,
    PayoutEventType,
    PayoutFailed,
    PayoutPaid,
    SettlementEvent,
    SettlementEventType,
    SettlementFileAccepted,
    SettlementFileConverted,
    SettlementFileEventType,
    SettlementFileMatched,
    SettlementFileTotalled,
    SettlementFormat,
)
from fincore.domain.stream_names import stream_name, stream_named

GOLDEN: Final = Path(__file__).parents[1] / "data/settlement_events"
AT: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PSP: Final = PspName("paypal")
ACCOUNT: Final = PspAccount("live")
USD: Final = Currency("usd")
PAYOUT: Final = payout_id_of(livemode=True, psp=PSP, psp_account=ACCOUNT, psp_reference="5TY05013RG002845M")
FILE: Final = settlement_file_id_of(livemode=True, psp=PSP, psp_account=ACCOUNT, sha256=SHA256)

VERSIONS: Final[dict[SettlementEventType, int]] = {
    **{name: version for name, (version, _) in PAYOUT_SHAPES.items()},
    **{name: version for name, (version, _) in SETTLEMENT_FILE_SHAPES.items()},
}
EXPECTED: Final[dict[tuple[SettlementEventType, int], SettlementEvent]] = {
    ("payout.created", 1): PayoutCreated(
        payout_id=PAYOUT,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        psp_reference=PspReference("5TY05013RG002845M"),
        amount_minor=9680,
        currency=USD,
        occurred_at=AT,
        expected_at=AT + timedelta(days=2),
    ),
    ("payout.paid", 1): PayoutPaid(
        payout_id=PAYOUT,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        psp_reference=PspReference("5TY05013RG002845M"),
        amount_minor=9680,
        currency=USD,
        bank_account=BankAccount("main"),
        occurred_at=AT,
    ),
    ("payout.failed", 1): PayoutFailed(
        payout_id=PAYOUT,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        psp_reference=PspReference("5TY05013RG002845M"),
        amount_minor=9680,
        currency=USD,
        was_paid=True,
        occurred_at=AT,
        bank_account=BankAccount("main"),
        code="account_closed",
        message="The bank account has been closed.",
    ),
    ("payout.canceled", 1): PayoutCanceled(
        payout_id=PAYOUT,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        psp_reference=PspReference("5TY05013RG002845M"),
        amount_minor=-500,
        currency=USD,
        occurred_at=AT,
    ),
    ("payout.bank_reference_told", 1): PayoutBankReferenceTold(
        payout_id=PAYOUT,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        psp_reference=PspReference("5TY05013RG002845M"),
        bank_reference="091000019876543",
        occurred_at=AT,
    ),
    ("settlement_file.accepted", 1): SettlementFileAccepted(
        file_id=FILE,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        source="paypal-live",
        name="STL-20260102.01.009.CSV",
        sha256=SHA256,
        size_bytes=4711,
        format=SettlementFormat("paypal_stl"),
        parser_version=1,
        period_start=AT - timedelta(days=1),
        period_end=AT,
        lines=12,
        occurred_at=AT,
        sequence=1,
    ),
    ("settlement_file.totalled", 1): SettlementFileTotalled(
        file_id=FILE,
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        kind="refund",
        currency=USD,
        lines=3,
        gross_minor=-4000,
        fee_minor=34,
        occurred_at=AT,
    ),
    ("settlement_file.matched", 1): SettlementFileMatched(
        file_id=FILE,
        run_id=RunId("run_01k0bcdefghjkmnpqrstvwxyz0"),
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        kind="refund",
        currency=USD,
        lines=2,
        gross_minor=-3000,
        fee_minor=34,
        occurred_at=AT,
    ),
    ("settlement_file.converted", 1): SettlementFileConverted(
        file_id=FILE,
        run_id=RunId("run_01k0bcdefghjkmnpqrstvwxyz0"),
        psp=PSP,
        psp_account=ACCOUNT,
        livemode=True,
        kind="refund",
        currency=USD,
        charge_currency=Currency("eur"),
        lines=2,
        gross_minor=-3240,
        charge_gross_minor=-3000,
        realised_minor=-40,
        occurred_at=AT,
    ),
}


def _golden(name: str, version: int) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.json.decode((GOLDEN / f"{name}.v{version}.json").read_bytes())
    return data


def test_each_settlement_event_has_exactly_one_golden_file() -> None:
    assert set(VERSIONS) == set(get_args(PayoutEventType)) | set(get_args(SettlementFileEventType))
    assert set(VERSIONS.items()) <= set(EXPECTED)
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{name}.v{version}.json" for name, version in EXPECTED
    }


@pytest.mark.parametrize(("name", "version"), EXPECTED)
def test_golden_settlement_event_decodes_to_its_expected_one(name: str, version: int) -> None:
    read = LOG_EVENTS.decode(name, version, msgspec.json.encode(_golden(name, version)))
    assert read == EXPECTED[name, version]  # type: ignore[index]  # the parameters are the keys


@pytest.mark.parametrize("name", VERSIONS)
def test_settlement_event_encodes_to_its_golden_file(name: SettlementEventType) -> None:
    version = VERSIONS[name]
    written = LOG_EVENTS.encode(EXPECTED[name, version])
    assert written[:2] == (name, version)
    assert msgspec.json.decode(written[2]) == _golden(name, version)


def test_ids_of_payouts_and_files_never_change() -> None:
    """They are found again by what they are about: another id would book the same payout or file once more."""
    assert PAYOUT == "po_22azc2gdbca1m841qmzefcpttr"
    assert FILE == "sf_2e1h0vm44zbgs8ybhtyydrjjgm"


@pytest.mark.parametrize(("event_type", "name"), [("payout.paid", PAYOUT), ("settlement_file.matched", FILE)])
def test_stream_of_settlement_and_its_id_name_each_other(event_type: str, name: str) -> None:
    assert stream_name(stream_named(name), event_type) == name
