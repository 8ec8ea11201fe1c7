"""A bank's statement as camt.053 (ISO 20022 Bank to Customer Statement, versions 001.02 and 001.08): the bank's side of payouts. Pure.

Each booked entry is one line of kind `payout`, or `payout_returned` where the bank marks it as a reversal: whether it is a payout
of a PSP's is for matching to find. The entries of a statement must move its opening balance to its closing one.
"""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final

from fincore.reconciliation.formats.camt053_statement import (
    BALANCE_FIELDS,
    ENTRY_FIELDS,
    REFERENCES_MAX,
    STATEMENT_FIELDS,
    Fields,
    Statements,
)
from fincore.reconciliation.formats.xml_elements import Elements
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileRefused, Reading, quoted

PARSER_VERSION: Final = 1
VERSIONS: Final = ("camt.053.001.02", "camt.053.001.08")
_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
_STATEMENT: Final = ("BkToCstmrStmt", "Stmt")
_BALANCE: Final = (*_STATEMENT, "Bal")
_ENTRY: Final = (*_STATEMENT, "Ntry")
_PLACES: Final = {path[-1]: path for path in (_STATEMENT, _BALANCE, _ENTRY)}
"""Where what moves the balance stands; in another place it would be skipped, as other elements are."""
_TEXT_NAMES: Final = frozenset({"Ustrd", "AddtlNtryInf", "AddtlTxInf"})
_REFERENCE_NAMES: Final = frozenset(
    {"AcctSvcrRef", "EndToEndId", "TxId", "InstrId", "ClrSysRef", "Ref", "UETR"}
)


def read_camt053(stream: BinaryIO, expected: Expected) -> Reading:
    """Read a statement, or several of one account. Raises `FileRefused`."""
    document = _Document(expected)
    elements = Elements(document.begin, document.end)
    for _ in elements.blocks(stream):
        yield from document.gathered()
    return document.statements.end_of_file(elements.line, document.version)


class _Document:
    """What the elements tell, gathered for each statement, balance and entry."""

    def __init__(self, expected: Expected) -> None:
        self.version = ""
        self.statements = Statements(expected)
        self._statement = Fields()
        self._part = Fields()
        self._lines: list[SettlementLine] = []

    def gathered(self) -> Iterator[SettlementLine]:
        """The lines since the last call."""
        lines, self._lines = self._lines, []
        yield from lines

    def begin(self, names: tuple[str, ...], attributes: Mapping[str, str], line: int) -> None:
        """An element begins."""
        path = names[1:]
        if not path:
            self._root(names[0], line)
        elif path == _STATEMENT:
            self._statement = Fields(line)
            self.statements.begin()
        elif path in (_BALANCE, _ENTRY):
            if path == _ENTRY:
                self.statements.open(self._statement)
            self._part = Fields(line)
        elif path in ((*_BALANCE, "Amt"), (*_ENTRY, "Amt")):
            self._part.put("Ccy", attributes.get("Ccy", ""), line)
        elif path[-1] in _PLACES:
            raise FileRefused(line, f"has {path[-1]} in another place than {'/'.join(_PLACES[path[-1]])}")

    def end(self, names: tuple[str, ...], text: str, line: int) -> None:
        """An element ends."""
        path = names[1:]
        if path == _STATEMENT:
            self.statements.close(self._statement, line)
        elif path == _BALANCE:
            self.statements.balance(self._part)
        elif path == _ENTRY:
            self._lines.append(self.statements.line_of(self._part))
        elif path[:3] == _BALANCE:
            self._keep(self._part, path[3:], BALANCE_FIELDS, text, line)
        elif path[:3] == _ENTRY:
            self._entry_field(path[3:], text, line)
        elif path[:2] == _STATEMENT:
            self._keep(self._statement, path[2:], STATEMENT_FIELDS, text, line)

    def _entry_field(self, path: tuple[str, ...], text: str, line: int) -> None:
        self._keep(self._part, path, ENTRY_FIELDS, text, line)
        if len(self._part.references) < REFERENCES_MAX and len(self._part.texts) < REFERENCES_MAX:
            if path[-1] in _REFERENCE_NAMES:
                self._part.references.append(text)
            elif path[-1] in _TEXT_NAMES:
                self._part.texts.append(text)

    def _keep(
        self, fields: Fields, path: tuple[str, ...], known: frozenset[str], text: str, line: int
    ) -> None:
        name = "/".join(path)
        if name in known:
            fields.put(name, text, line)

    def _root(self, name: str, line: int) -> None:
        namespace, _, local = name.rpartition("}")
        self.version = namespace.removeprefix(_NAMESPACE)
        if local != "Document" or namespace == self.version or self.version not in VERSIONS:
            known = " or ".join(VERSIONS)
            raise FileRefused(line, f"{quoted(name)} is no document of {known}")
