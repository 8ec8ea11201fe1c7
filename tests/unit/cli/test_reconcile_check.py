"""`fincore reconcile check` prints a whole file's facts and totals, and one sentence for any other."""

import sys
from pathlib import Path

import pytest

from fincore.__main__ import main
from fixtures.settlement_files import StlRow, itemized_row, joined, stl_lines, table, with_fee

ROWS = [
    with_fee(StlRow(), "DR", "379"),
    with_fee(StlRow("5AB00000000000002", "T1107", "DR", "2500"), "CR", "90"),
    StlRow("5AB00000000000003", currency="JPY", amount="50000"),
]
PRINTED = """\
file
format                paypal_stl
version               009
account               MERCHANT7XACCT
from                  2026-11-20 00:00:00 -0800
to                    2026-11-20 23:59:59 -0800
number in its report  1
columns not read      consumer id, payment tracking id, store id, credit transactional fee, credit promotional fee, credit term

currency  total              stated      computed
JPY       rows               1           1
JPY       gross credits      500 JPY     500 JPY
JPY       gross debits       0 JPY       0 JPY
JPY       fee credits        0 JPY       0 JPY
JPY       fee debits         0 JPY       0 JPY
JPY       beginning balance  50 JPY
JPY       ending balance     550 JPY
USD       rows               2           2
USD       gross credits      100.00 USD  100.00 USD
USD       gross debits       25.00 USD   25.00 USD
USD       fee credits        0.90 USD    0.90 USD
USD       fee debits         3.79 USD    3.79 USD
USD       beginning balance  50.00 USD
USD       ending balance     122.11 USD

currency  type   kind     rows  gross       fee
JPY       T0006  payment  1     500 JPY     0 JPY
USD       T0006  payment  1     100.00 USD  -3.79 USD
USD       T1107  refund   1     -25.00 USD  0.90 USD

3 lines read: the file is whole
"""


class Check:
    """Types the command, and reads what came back."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.file = folder / "settlement.csv"
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def of(self, content: bytes, *options: str) -> tuple[int, str, str]:
        """The exit code, the output, and what is said on stderr."""
        self.file.write_bytes(content)
        return self.typed(str(self.file), *options)

    def typed(self, *words: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["fincore", "reconcile", "check", *words])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(tmp_path, monkeypatch, capsys)


def test_whole_file_is_printed_with_totals_and_types(check: Check) -> None:
    assert check.of(joined(stl_lines(ROWS)), "--format", "paypal_stl") == (0, PRINTED, "")


def test_summary_is_printed_with_what_it_states(check: Check) -> None:
    content = b"reporting_category,currency,count,gross,fee,net\ncharge,usd,2,20,0.88,19.12\n"
    code, printed, _ = check.of(content, "--format", "stripe_payout_summary")
    assert code == 0
    assert "USD       charge  payment  2     20.00 USD  -0.88 USD" in printed
    assert "0 lines read: the file is whole" in printed


def test_refused_file_is_one_sentence_with_its_line(check: Check) -> None:
    content = joined(stl_lines(ROWS)).replace(b"T1107", b"T4107")
    code, printed, said = check.of(content, "--format", "paypal_stl")
    assert (code, printed) == (1, "")
    assert said == "fincore: line 6: 'T4107' is no transaction event code of a known group\n"


@pytest.mark.parametrize(
    ("file_format", "option", "content"),
    [
        ("paypal_stl", "--account", joined(stl_lines(ROWS))),
        ("stripe_payout_itemized", "--payout", table([itemized_row()])),
        ("bank_csv", "--account", b"date,amount,currency,reference,account\n2026-11-20,1,EUR,B1,DE1\n"),
    ],
)
def test_file_about_another_object_is_refused(
    check: Check, file_format: str, option: str, content: bytes
) -> None:
    code, _, said = check.of(content, "--format", file_format, option, "another")
    assert code == 1
    assert "'another'" in said


@pytest.mark.parametrize("name", [".", "none.csv", "a\0b"])
def test_file_that_cannot_be_read_is_a_wrong_argument(check: Check, name: str) -> None:
    code, printed, said = check.typed(str(check.file.parent / name), "--format", "paypal_stl")
    assert (code, printed) == (2, "")
    assert said.startswith("fincore: the file cannot be read (")


def test_unknown_format_is_refused_with_those_there_are(check: Check) -> None:
    code, _, said = check.of(b"", "--format", "xlsx")
    assert code == 2
    assert "paypal_stl" in said
