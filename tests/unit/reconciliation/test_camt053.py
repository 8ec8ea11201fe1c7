"""A bank's statement in camt.053 is read as its entries mean it, and refused for anything else."""

import io
import tracemalloc
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fincore.reconciliation.formats.bank_references import references_in
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileRefused
from fixtures.settlement_files import ANY, lines_of, parsed

IBAN = "DE02120300000000202051"
MEMORY_BYTES_MAX = 8_000_000


@dataclass(frozen=True)
class Entry:
    """An entry as a bank writes it."""

    amount: str = "96.21"
    direction: str = "CRDT"
    currency: str = "EUR"
    day: str = "<Dt>2026-11-23</Dt>"
    status: str = "<Cd>BOOK</Cd>"
    reference: str = "2026112300001"
    end_to_end: str = "PAYPAL5AB0001"
    text: str = "PAYPAL PAYOUT 5ABREF0001 Jane Doe DE89370400440532013000"
    reversal: str = ""

    def xml(self) -> str:
        reversal = f"<RvslInd>{self.reversal}</RvslInd>" if self.reversal else ""
        return (
            f"<Ntry><NtryRef>1</NtryRef><Amt Ccy='{self.currency}'>{self.amount}</Amt>"
            f"<CdtDbtInd>{self.direction}</CdtDbtInd>{reversal}<Sts>{self.status}</Sts><BookgDt>{self.day}</BookgDt>"
            f"<AcctSvcrRef>{self.reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
            f"<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
            f"<EndToEndId>{self.end_to_end}</EndToEndId></Refs><RmtInf><Ustrd>{self.text}</Ustrd></RmtInf></TxDtls>"
            f"</NtryDtls></Ntry>"
        )


def balance(code: str, minor: int, currency: str = "EUR") -> str:
    direction = "CRDT" if minor >= 0 else "DBIT"
    whole, fraction = divmod(abs(minor), 100)
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{whole}.{fraction:02d}</Amt>"
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>2026-11-23</Dt></Dt></Bal>"
    )


def statement(
    *entries: Entry, opening: int = 100_00, closing: int = 196_21, summary: str = "", account: str = IBAN
) -> str:
    return (
        "<Stmt><Id>S1</Id><ElctrncSeqNb>228</ElctrncSeqNb><FrToDt><FrDtTm>2026-11-23T00:00:00+01:00</FrDtTm>"
        f"<ToDtTm>2026-11-23T23:59:59+01:00</ToDtTm></FrToDt><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{balance('CLAV', 1)}{summary}"
        + "\n".join(entry.xml() for entry in entries)
        + "</Stmt>"
    )


def document(
    *statements: str, version: str = "08", prolog: str = "<?xml version='1.0' encoding='UTF-8'?>"
) -> bytes:
    return (
        f"{prolog}\n<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'><BkToCstmrStmt>"
        f"<GrpHdr><MsgId>M1</MsgId></GrpHdr>{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


def lines(content: bytes) -> list[SettlementLine]:
    return lines_of(content, "camt053")


def line(entry: Entry) -> SettlementLine:
    minor = round(float(entry.amount) * 100) * (1 if entry.direction == "CRDT" else -1)
    (only,) = lines(document(statement(entry, closing=100_00 + minor)))
    return only


def refusal(content: bytes, expected: Expected = ANY) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        lines_of(content, "camt053", expected)
    return refused.value


@pytest.mark.parametrize(("version", "status"), [("08", "<Cd>BOOK</Cd>"), ("02", "BOOK")])
def test_booked_entry_becomes_a_line_of_the_bank(version: str, status: str) -> None:
    file = parsed(document(statement(Entry(status=status)), version=version), "camt053")
    (found,) = file.lines
    assert (found.kind, found.psp_type, found.psp_reference) == ("payout", "PMNT/RCDT/ESCT", "2026112300001")
    assert (found.gross_minor, found.fee_minor, found.currency) == (9_621, 0, "eur")
    assert found.occurred_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert found.references == ("2026112300001", "1", "PAYPAL5AB0001", "5ABREF0001")
    assert file.facts.version == f"camt.053.001.{version}"
    assert (file.facts.account_id, file.facts.sequence) == (IBAN, 228)
    (eur,) = file.stated.values()
    assert (eur.beginning_minor, eur.ending_minor) == (10_000, 19_621)


def test_debit_is_negative_and_reversal_is_what_came_back() -> None:
    assert line(Entry(direction="DBIT")).gross_minor == -9_621
    assert line(Entry(direction="DBIT", reversal="true")).kind == "payout_returned"
    assert line(Entry(reversal="false")).kind == "payout"


@pytest.mark.parametrize(
    ("day", "occurred_at"),
    [
        ("<DtTm>2026-11-23T23:30:00-02:00</DtTm>", datetime(2026, 11, 24, 1, 30, tzinfo=UTC)),
        ("<DtTm>2026-11-23T12:00:00Z</DtTm>", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("<DtTm>2026-11-23T12:00:00</DtTm>", datetime(2026, 11, 23, 12, tzinfo=UTC)),
    ],
)
def test_time_of_an_entry_is_taken_by_utc(day: str, occurred_at: datetime) -> None:
    assert line(Entry(day=day)).occurred_at == occurred_at


def test_names_and_accounts_of_payers_stay_in_the_file() -> None:
    kept = " ".join(line(Entry(text="Jane Doe, DE89370400440532013000, Order 7")).references)
    assert "Jane" not in kept
    assert "DE89370400440532013000" not in kept


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STRIPE PAYOUT ST-A1B2C3D4E5", ["ST-A1B2C3D4E5"]),
        ("ref:1234567 ref:12345678", ["12345678"]),
        ("ABCDEFGHIJ", []),
        ("GB33BUKB20201555555555 X1234567", ["X1234567"]),
        (" ".join(f"REF{place:08d}" for place in range(50)), [f"REF{place:08d}" for place in range(10)]),
        ("1" * 51, []),
    ],
)
def test_words_with_the_shape_of_a_reference_are_found(text: str, found: list[str]) -> None:
    assert references_in(text) == found


def test_statements_of_following_days_are_one_file() -> None:
    one = statement(Entry(amount="1.00"), opening=100_00, closing=101_00)
    two = statement(Entry(amount="2.00"), Entry(amount="3.00"), opening=101_00, closing=106_00)
    file = parsed(document(one, two), "camt053")
    assert [found.gross_minor for found in file.lines] == [100, 200, 300]
    (eur,) = file.stated.values()
    assert (eur.beginning_minor, eur.ending_minor) == (10_000, 10_600)
    refused = refusal(document(one, statement(Entry(amount="2.00"), opening=101_01, closing=103_01)))
    assert "does not begin with the balance at the end of the statement before" in refused.reason


def test_statement_without_entries_is_read() -> None:
    file = parsed(document(statement(closing=100_00)), "camt053")
    assert list(file.lines) == []
    assert refusal(document(statement(closing=100_01))).reason.startswith(
        "the statement and its entries differ"
    )


def test_entry_that_is_missing_or_altered_is_noticed() -> None:
    assert "change of the balance" in refusal(document(statement(Entry(amount="96.22")))).reason
    assert "change of the balance" in refusal(document(statement(Entry(), Entry()))).reason


@pytest.mark.parametrize(
    ("summary", "reason"),
    [
        ("<TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries>", "2 rows of EUR stated, 1 found"),
        ("<TtlNtries><NbOfNtries>x</NbOfNtries></TtlNtries>", "'x' is no count"),
        ("<TtlCdtNtries><Sum>96.20</Sum></TtlCdtNtries>", "gross credits of 96.20 EUR stated"),
        ("<TtlDbtNtries><Sum>0.01</Sum></TtlDbtNtries>", "gross debits of 0.01 EUR stated"),
    ],
)
def test_summary_of_a_statement_must_add_up(summary: str, reason: str) -> None:
    right = "<TxsSummry><TtlNtries><NbOfNtries>1</NbOfNtries></TtlNtries><TtlCdtNtries><Sum>96.21</Sum></TtlCdtNtries></TxsSummry>"
    assert len(lines(document(statement(Entry(), summary=right)))) == 1
    assert reason in refusal(document(statement(Entry(), summary=f"<TxsSummry>{summary}</TxsSummry>"))).reason


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"status": "<Cd>PDNG</Cd>"}, "is an entry of status 'PDNG'"),
        ({"currency": "USD"}, "has USD on an account in EUR"),
        ({"currency": "ZZZ"}, "'ZZZ' is no currency"),
        ({"amount": "96.211"}, "'96.211' is no amount of EUR"),
        ({"amount": "-96.21"}, "'-96.21' is no amount of EUR"),
        ({"direction": "CR"}, "has 'CR' in place of CRDT or DBIT"),
        ({"day": "<Dt>23.11.2026</Dt>"}, "'23.11.2026' is no day"),
        ({"day": ""}, "'' is no day"),
        ({"day": "<Dt>1066-11-23</Dt>"}, "is no day"),
        ({"day": "<Dt>2026-W10-1</Dt>"}, "is no day"),
        ({"day": "<Dt>20261123</Dt>"}, "is no day"),
        ({"reversal": "maybe"}, "'maybe' says neither"),
        ({"reference": "x" * 256}, "has a reference of more than 255 characters"),
    ],
)
def test_entry_with_an_unknown_word_is_refused(wrong: dict[str, str], reason: str) -> None:
    refused = refusal(document(statement(replace(Entry(), **wrong))))
    assert reason in refused.reason
    assert refused.line_number == 2


@pytest.mark.parametrize(
    ("place", "name"),
    [("</Stmt>", "Ntry"), ("</BkToCstmrStmt>", "Ntry"), ("</Stmt>", "Stmt"), ("<NtryDtls>", "Ntry")],
)
def test_entry_in_another_place_is_refused(place: str, name: str) -> None:
    """It would be money that no total has."""
    stray = Entry().xml() if name == "Ntry" else "<Stmt></Stmt>"
    end = f"{place}{stray}" if place in ("</Stmt>", "<NtryDtls>") and name == "Ntry" else f"{stray}{place}"
    content = document(statement(Entry())).decode().replace(place, end, 1).encode()
    assert f"has {name} in another place than" in refusal(content).reason


def test_second_entry_is_named_by_its_line() -> None:
    refused = refusal(document(statement(Entry(), Entry(status="<Cd>INFO</Cd>"))))
    assert refused.line_number == 3


@pytest.mark.parametrize("code", ["OPBD", "CLBD"])
def test_statement_without_a_balance_is_refused(code: str) -> None:
    content = document(statement(Entry())).replace(code.encode(), b"ITBD")
    assert "lacks the balance" in refusal(content).reason


def test_previous_closing_balance_opens_a_statement() -> None:
    assert len(lines(document(statement(Entry())).replace(b"OPBD", b"PRCD"))) == 1


def test_balance_or_field_that_stands_twice_is_refused() -> None:
    twice = statement(Entry(), summary=balance("CLBD", 196_21))
    assert "is a second balance CLBD" in refusal(document(twice)).reason
    content = document(statement(Entry())).replace(
        b"<NtryRef>1</NtryRef>", b"<NtryRef>1</NtryRef><NtryRef>2</NtryRef>"
    )
    assert "is a second NtryRef" in refusal(content).reason


def test_statement_of_another_account_is_refused() -> None:
    other = "NL91ABNA0417164300"
    assert f"must be about '{other}'" in refusal(document(statement(Entry())), Expected(other)).reason
    two = document(statement(closing=100_00), statement(closing=100_00, account=other))
    assert f"is about the account '{other}'" in refusal(two).reason


@pytest.mark.parametrize("version", ["01", "13"])
def test_version_that_is_not_known_is_refused(version: str) -> None:
    assert "is no document of camt.053.001.02 or camt.053.001.08" in refusal(document(version=version)).reason


@pytest.mark.parametrize(
    "content",
    [b"", b"<Document/>", b"<a><b></a>", b"\0", b"a,b\nc,d\n", document(), document(statement(Entry()))[:-1],
     b"<?xml version='1.0' encoding='none-such'?><Document/>"],
)  # fmt: skip
def test_text_that_is_no_statement_is_refused(content: bytes) -> None:
    assert refusal(content).reason


@pytest.mark.parametrize(
    "declared",
    [
        "<!DOCTYPE d SYSTEM 'file:///etc/hostname'>",
        "<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/hostname'>]>",
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE d>",
    ],
)
def test_document_type_is_refused_before_any_entity(declared: str) -> None:
    content = document(statement(Entry(text="&e;&b;")), prolog=declared)
    assert refusal(content).reason == "declares a document type, which no bank statement needs"


class Repeated(io.RawIOBase):
    """A beginning, and then one block up to a size."""

    def __init__(self, beginning: bytes, block: bytes, size: int) -> None:
        self.first, self.block, self.left = beginning, block, size

    def read(self, size: int = -1) -> bytes:
        del size
        if self.first:
            block, self.first = self.first, b""
            return block
        self.left -= len(self.block)
        return self.block if self.left > 0 else b""


@pytest.mark.parametrize(
    ("beginning", "block"),
    [
        (b"<Document a='", b"x" * 65_536),
        (b"<", b"x" * 65_536),
        (b"<!--", b"x" * 65_536),
        (document()[:110], b"<a>" * 20_000),
        (document()[:110] + b"<GrpHdr>", b"x" * 65_536),
        (document()[:110] + b"<Stmt><Id>", b"x" * 65_536),
    ],
    ids=["attribute", "name", "comment", "depth", "text", "field"],
)
def test_gigabyte_of_one_thing_takes_bounded_memory(beginning: bytes, block: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused):
            for _ in FORMATS["camt053"].parse(Repeated(beginning, block, 2**30), ANY).lines:  # type: ignore[arg-type]
                pass
        assert tracemalloc.get_traced_memory()[1] < MEMORY_BYTES_MAX
    finally:
        tracemalloc.stop()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(["CRDT", "DBIT"])), max_size=6))
def test_written_entries_are_read_again(amounts: list[tuple[int, str]]) -> None:
    entries = [
        Entry(amount=f"{minor // 100}.{minor % 100:02d}", direction=direction, reference=f"R{place}")
        for place, (minor, direction) in enumerate(amounts)
    ]
    signed = [minor if direction == "CRDT" else -minor for minor, direction in amounts]
    file = parsed(document(statement(*entries, closing=100_00 + sum(signed))), "camt053")
    assert [(one.psp_reference, one.gross_minor) for one in file.lines] == [
        (f"R{place}", minor) for place, minor in enumerate(signed)
    ]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_statement_cut_anywhere_is_refused(data: st.DataObject) -> None:
    content = document(statement(Entry()))
    with pytest.raises(FileRefused):
        lines(content[: data.draw(st.integers(0, len(content) - 1))])
