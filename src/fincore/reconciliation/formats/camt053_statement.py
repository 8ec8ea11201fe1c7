"""The statements of a camt.053 file: accounts, balances and entries, each checked once it is whole. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.domain.settlement_events import LineKind
from fincore.reconciliation.formats.bank_references import distinct, references_in
from fincore.reconciliation.formats.decimal_amounts import minor_of
from fincore.reconciliation.line import REFERENCE_CHARACTERS_MAX, SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileEnd, FileFacts, FileRefused, file_end, quoted
from fincore.reconciliation.totals import TYPES_MAX, StatedTotals, Sums, computed_totals, differences

STATEMENT_FIELDS: Final = frozenset(
    {
        "Id",
        "ElctrncSeqNb",
        "FrToDt/FrDtTm",
        "FrToDt/ToDtTm",
        "Acct/Id/IBAN",
        "Acct/Id/Othr/Id",
        "Acct/Ccy",
        "TxsSummry/TtlNtries/NbOfNtries",
        "TxsSummry/TtlCdtNtries/NbOfNtries",
        "TxsSummry/TtlCdtNtries/Sum",
        "TxsSummry/TtlDbtNtries/NbOfNtries",
        "TxsSummry/TtlDbtNtries/Sum",
    }
)
BALANCE_FIELDS: Final = frozenset({"Tp/CdOrPrtry/Cd", "Amt", "CdtDbtInd"})
ENTRY_FIELDS: Final = frozenset(
    {
        "NtryRef",
        "Amt",
        "CdtDbtInd",
        "RvslInd",
        "Sts",
        "Sts/Cd",
        "BookgDt/Dt",
        "BookgDt/DtTm",
        "AcctSvcrRef",
        "BkTxCd/Domn/Cd",
        "BkTxCd/Domn/Fmly/Cd",
        "BkTxCd/Domn/Fmly/SubFmlyCd",
        "BkTxCd/Prtry/Cd",
    }
)
"""What is kept of a statement, a balance and an entry, by the names of the elements below it."""
OPENING: Final = ("OPBD", "PRCD")
CLOSING: Final = "CLBD"
"""Opening booked, previously closed booked, closing booked (ISO 20022 external code set, balance type)."""
_CODES: Final = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
BOOKED: Final = "BOOK"
REFERENCES_MAX: Final = 20
"""So many references of one entry are read: one that gathers more payments is no payout of a PSP's."""
COUNT_DIGITS_MAX: Final = 9
YEARS: Final = range(1998, 2200)


@dataclass(slots=True)
class Fields:
    """Texts by the names of their elements, and the line on which what holds them begins."""

    line: int = 0
    texts_by_name: dict[str, str] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def put(self, name: str, text: str, line: int) -> None:
        """Keep a text. Raises `FileRefused` for a second one of a name."""
        if name in self.texts_by_name:
            raise FileRefused(line, f"is a second {name}")
        self.texts_by_name[name] = text

    def get(self, *names: str) -> str:
        """The text of the first of the names that has one; empty for none."""
        return next((self.texts_by_name[name] for name in names if self.texts_by_name.get(name)), "")


class Statements:
    """The statements of a file, which follow each other on one account in one currency."""

    def __init__(self, expected: Expected) -> None:
        self._account_id = expected.account_id
        self._currency: Currency | None = None
        self._facts: tuple[datetime | None, datetime | None, int | None] | None = None
        self._balances: dict[str, int] = {}
        self._beginning_minor: int | None = None
        self._ending_minor: int | None = None
        self._is_open = False
        self._statement_id = ""
        self._sums: dict[str, Sums] = {}
        self._sums_before: dict[str, Sums] = {}

    def begin(self) -> None:
        """A statement begins."""
        self._is_open = False
        self._balances = {}
        self._sums = {}

    def balance(self, fields: Fields) -> None:
        """A balance was read. Raises `FileRefused`."""
        code = fields.get("Tp/CdOrPrtry/Cd")
        if code not in (*OPENING, CLOSING):
            return
        if code in self._balances:
            raise FileRefused(fields.line, f"is a second balance {code}")
        self._balances[code] = self._minor(fields)

    def open(self, fields: Fields) -> None:
        """What stands before the entries of a statement was read: once for each. Raises `FileRefused`."""
        if self._is_open:
            return
        self._is_open = True
        account = fields.get("Acct/Id/IBAN", "Acct/Id/Othr/Id")
        self._account_id = self._account_id or account
        if not account or account != self._account_id:
            raise FileRefused(
                fields.line,
                f"is about the account {quoted(account)}, and must be about {quoted(self._account_id)}",
            )
        if fields.get("Acct/Ccy"):
            self._currency_of(fields.line, fields.get("Acct/Ccy"))
        beginning_minor = next((self._balances[code] for code in OPENING if code in self._balances), None)
        if beginning_minor is None or CLOSING not in self._balances:
            missing = " or ".join(OPENING) if beginning_minor is None else CLOSING
            raise FileRefused(fields.line, f"lacks the balance {missing}")
        if self._ending_minor not in (None, beginning_minor):
            raise FileRefused(
                fields.line, "does not begin with the balance at the end of the statement before"
            )
        if self._beginning_minor is None:
            self._beginning_minor = beginning_minor
        self._ending_minor = self._balances[CLOSING]
        self._statement_id = fields.get("Id")
        self._take_facts(fields)

    def line_of(self, fields: Fields) -> SettlementLine:
        """The line that an entry is. Raises `FileRefused`."""
        status = fields.get("Sts/Cd", "Sts")
        if status != BOOKED:
            raise FileRefused(
                fields.line, f"is an entry of status {quoted(status)}; a statement has {BOOKED} only"
            )
        reversal = fields.get("RvslInd") or "false"
        if reversal not in ("true", "1", "false", "0"):
            raise FileRefused(
                fields.line, f"{quoted(reversal)} says neither that it is a reversal nor that it is none"
            )
        gross_minor = self._minor(fields)
        occurred_at = _moment_of(fields.line, fields.get("BookgDt/DtTm", "BookgDt/Dt"))
        kind: LineKind = "payout_returned" if reversal in ("true", "1") else "payout"
        codes = [fields.get(name) for name in _CODES]
        psp_type = "/".join(one for one in codes if one) or fields.get("BkTxCd/Prtry/Cd") or kind
        sums = self._sums.setdefault(f"{kind}:{psp_type}", Sums(self._known_currency, psp_type, kind))
        if len(self._sums) > TYPES_MAX:
            raise FileRefused(fields.line, f"has entries of more than {TYPES_MAX:,} types")
        sums.add(gross_minor, 0)
        place = sum(one.rows for one in self._sums.values())
        own = fields.get("AcctSvcrRef", "NtryRef") or f"{self._statement_id}:{place}"
        words = [word for text in fields.texts for word in references_in(text)]
        references = distinct([fields.get("AcctSvcrRef"), fields.get("NtryRef"), *fields.references, *words])
        if max(map(len, (own, psp_type, *references))) > REFERENCE_CHARACTERS_MAX:
            raise FileRefused(
                fields.line, f"has a reference of more than {REFERENCE_CHARACTERS_MAX} characters"
            )
        return SettlementLine(
            number=fields.line,
            kind=kind,
            psp_type=psp_type,
            psp_reference=own,
            references=references,
            parent_reference=None,
            our_reference=None,
            currency=self._known_currency,
            gross_minor=gross_minor,
            fee_minor=0,
            occurred_at=occurred_at,
            payout_reference=None,
            bank_reference=None,
            presentment=None,
            group=None,
        )

    def close(self, fields: Fields, line: int) -> None:
        """A statement ends. Raises `FileRefused` unless its entries add up to what it states."""
        self.open(fields)
        credit, debit, both = (f"TxsSummry/{name}" for name in ("TtlCdtNtries", "TtlDbtNtries", "TtlNtries"))
        computed = computed_totals(self._sums.values())
        stated = StatedTotals(
            currency=self._known_currency,
            beginning_minor=next(self._balances[code] for code in OPENING if code in self._balances),
            ending_minor=self._balances[CLOSING],
            gross_credit_minor=self._stated_sum(fields, f"{credit}/Sum"),
            gross_debit_minor=self._stated_sum(fields, f"{debit}/Sum"),
            rows=_count(fields, f"{both}/NbOfNtries"),
        )
        for sentence in differences({stated.currency: stated}, computed):
            raise FileRefused(line, f"the statement and its entries differ: {sentence}")
        for name, one in self._sums.items():
            before = self._sums_before.setdefault(name, Sums(one.currency, one.psp_type, one.kind))
            before.rows += one.rows
            before.gross_credit_minor += one.gross_credit_minor
            before.gross_debit_minor += one.gross_debit_minor
        if len(self._sums_before) > TYPES_MAX:
            raise FileRefused(line, f"has entries of more than {TYPES_MAX:,} types")

    def end_of_file(self, line: int, version: str) -> FileEnd:
        """What is known at the end. Raises `FileRefused` for a document without a statement."""
        if self._facts is None:
            raise FileRefused(line, "the document has no statement")
        start, end, sequence = self._facts
        currency = self._known_currency
        stated = StatedTotals(
            currency=currency, beginning_minor=self._beginning_minor, ending_minor=self._ending_minor
        )
        facts = FileFacts(
            format="camt053",
            version=version,
            account_id=self._account_id,
            period_start=start,
            period_end=end,
            sequence=sequence,
        )
        return file_end(facts, {currency: stated}, self._sums_before.values())

    @property
    def _known_currency(self) -> Currency:
        if self._currency is None:
            raise RuntimeError("an entry was read before the balances")
        return self._currency

    def _currency_of(self, line: int, code: str) -> Currency:
        currency = parse_currency(code)
        if currency is None:
            raise FileRefused(line, f"{quoted(code)} is no currency")
        self._currency = self._currency or currency
        if currency != self._currency:
            raise FileRefused(line, f"has {code} on an account in {self._currency.upper()}")
        return currency

    def _minor(self, fields: Fields) -> int:
        """The amount of a balance or an entry, positive for CRDT."""
        currency = self._currency_of(fields.line, fields.get("Ccy"))
        text, direction = fields.get("Amt"), fields.get("CdtDbtInd")
        if direction not in ("CRDT", "DBIT"):
            raise FileRefused(fields.line, f"has {quoted(direction)} in place of CRDT or DBIT")
        minor = _unsigned(fields.line, text, currency)
        return minor if direction == "CRDT" else -minor

    def _stated_sum(self, fields: Fields, name: str) -> int | None:
        text = fields.get(name)
        return _unsigned(fields.line, text, self._known_currency) if text else None

    def _take_facts(self, fields: Fields) -> None:
        """The period from the first statement to the last; the number of the first."""
        times = [fields.get(f"FrToDt/{name}") for name in ("FrDtTm", "ToDtTm")]
        start, end = (_moment_of(fields.line, text) if text else None for text in times)
        if self._facts is None:
            self._facts = (start, end, _count(fields, "ElctrncSeqNb"))
        else:
            self._facts = (self._facts[0], end or self._facts[1], self._facts[2])


def _unsigned(line: int, text: str, currency: Currency) -> int:
    minor = None if text.startswith("-") else minor_of(text, exponent_of(currency))
    if minor is None:
        raise FileRefused(line, f"{quoted(text)} is no amount of {currency.upper()}")
    return minor


def _count(fields: Fields, name: str) -> int | None:
    text = fields.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= COUNT_DIGITS_MAX):
        raise FileRefused(fields.line, f"{quoted(text)} is no count")
    return int(text)


def _moment_of(line: int, text: str) -> datetime:
    """A moment; a day alone is its first moment by UTC, as is a time that says no offset."""
    try:
        moment = datetime.fromisoformat(text) if text[4:5] == text[7:8] == "-" else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS:
        raise FileRefused(line, f"{quoted(text)} is no day such as 2026-11-20")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
