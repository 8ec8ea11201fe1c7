"""What lists hold: how values are written, which values match, and lists as files."""

from datetime import UTC, datetime

import pytest

from fincore.domain.ids import new_merchant_id
from fincore.write.risk.list_entries import ListEntry, NewEntry
from fincore.write.risk.list_file import LINE_CHARACTERS_MAX, LineFlaw, entries_of, entry_text, header_text
from fincore.write.risk.list_values import entry_value, list_name_flaw, looked_up_values
from fincore.write.risk.store import ListKind, ListName
from fixtures.risk import NOON

MOMENT = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("email", " Ada@Example.COM ", "ada@example.com"),
        ("email_domain", "Example.COM", "example.com"),
        ("email_domain", "example.com.", "example.com"),
        ("email", "ada@example.com.", "ada@example.com"),
        ("ip", "203.0.113.9", "203.0.113.9/32"),
        ("ip", "203.0.113.0/24", "203.0.113.0/24"),
        ("ip", "2001:DB8::/32", "2001:db8::/32"),
        ("ip", "::ffff:203.0.113.9", "203.0.113.9/32"),
        ("bin", "411111", "411111"),
        ("country", "de", "DE"),
        ("customer", "Cus_1", "Cus_1"),
    ],
)
def test_value_is_written_as_its_kind_has_it(kind: ListKind, text: str, value: str) -> None:
    assert entry_value(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "ada"),
        ("email", "@example.com"),
        ("email_domain", "example"),
        ("email_domain", "example.com.."),
        ("email_domain", "a@example.com"),
        ("ip", "203.0.113.9/24"),
        ("ip", "203.0.113"),
        ("ip", "fe80::1%eth0"),
        ("bin", "41111"),
        ("bin", "4111111"),
        ("bin", "41111111"),
        ("bin", "٤١١١١١"),
        ("country", "DEU"),
        ("customer", ""),
        ("customer", "a" * 501),
        ("device", "a\0b"),
        ("device", "\ud800"),
        ("customer", "4242 4242 4242 4242"),
    ],
)
def test_value_that_a_kind_cannot_hold_is_refused(kind: ListKind, text: str) -> None:
    assert isinstance(entry_value(kind, text), ValueError)


def test_first_digits_match_the_entry_of_six() -> None:
    assert looked_up_values("bin", "41111122") == ("411111",)
    assert looked_up_values("bin", "411111") == ("411111",)
    assert looked_up_values("bin", "41111") == ()
    assert looked_up_values("bin", "4111x1") == ()


def test_fact_that_no_list_can_hold_matches_nothing() -> None:
    assert looked_up_values("ip", "not an address") == ()
    assert looked_up_values("device", "a\0b") == ()


@pytest.mark.parametrize("name", ["blocked_ips", "a", "9"])
def test_list_may_have_a_plain_name(name: str) -> None:
    assert list_name_flaw(name) is None


@pytest.mark.parametrize("name", ["", "Blocked", "a-b", "_a", "a" * 61])
def test_list_with_another_name_is_refused(name: str) -> None:
    assert list_name_flaw(name) is not None


def test_file_holds_an_entry_a_line() -> None:
    merchant = new_merchant_id()
    lines = [
        "\ufeffvalue,reason,expires_at,merchant_id\r\n",
        "Ada@example.com,,2027-01-31,\r\n",
        "\r\n",
        f'bo@example.com,"chargeback, twice",2027-01-31T12:00:00Z,{merchant}\r\n',
    ]
    assert list(entries_of(lines, "email", reason="by default", now=NOON)) == [
        NewEntry("ada@example.com", "by default", None, datetime(2027, 1, 31, 23, 59, 59, 999999, UTC)),
        NewEntry("bo@example.com", "chargeback, twice", merchant, MOMENT),
    ]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([], "line 1:"),
        (["reason\n", "x\n"], "line 1:"),
        (["value,valeu\n"], "line 1:"),
        (["value\n", "a@example.com\n", "wrong\n"], "line 3:"),
        (["value,reason\n", "a@example.com\n"], "line 2:"),
        (["value,expires_at\n", "a@example.com,soon\n"], "line 2:"),
        (["value,expires_at\n", "a@example.com,9999-01-01\n"], "line 2:"),
        (
            ["value,expires_at\n", "a@example.com,2026-11-27\n", "b@example.com,2026-11-25\n"],
            "line 3: .*past",
        ),
        (["value,expires_at\n", "a@example.com,2026-11-26T12:00:00Z\n"], "line 2: .*past"),
        (["value,merchant_id\n", "a@example.com,ada\n"], "line 2:"),
        (["value,reason\n", "a@example.com,4242424242424242\n"], "line 2:"),
        (["value\n", '"a\n'], "line 2:"),
        (["value\n", "a" * (LINE_CHARACTERS_MAX + 1)], "line 2:"),
    ],
)
def test_flaw_of_a_file_names_its_line(lines: list[str], place: str) -> None:
    with pytest.raises(LineFlaw, match=place):
        list(entries_of(lines, "email", reason="-", now=NOON))


@pytest.mark.parametrize("value", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "'=1", "plain", "it's"])
def test_exported_value_is_no_formula_and_comes_back(value: str) -> None:
    entry = ListEntry(
        entry_id=1,
        list=ListName("blocked_devices"),
        value=value,
        merchant_id=None,
        expires_at=MOMENT,
        added_at=MOMENT,
        added_by="=ada",
        reason="-reason",
        removed_at=None,
        removed_by=None,
        removal_reason=None,
    )
    line = entry_text(entry)
    assert all(cell.lstrip('"')[:1] not in tuple("=+-@") for cell in line.split(","))
    assert list(entries_of([header_text(), line], "device", reason="", now=NOON)) == [
        NewEntry(value, "-reason", None, MOMENT)
    ]
