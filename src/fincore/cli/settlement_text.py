"""How a settlement file is shown: its facts, its totals as stated and as computed, and its lines by type. Pure."""

from datetime import datetime
from typing import Final

from fincore.backoffice.settlement_check import CheckedFile
from fincore.cli.ledger_tables import money_text
from fincore.cli.terminal import table_text
from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.reconciliation.parsed_file import FileFacts

_TOTALS: Final = (
    ("gross credits", "gross_credit_minor"),
    ("gross debits", "gross_debit_minor"),
    ("fee credits", "fee_credit_minor"),
    ("fee debits", "fee_debit_minor"),
)


def checked_text(checked: CheckedFile) -> str:
    """A file that was read to its end."""
    parts = [table_text(("file", ""), _facts(checked.facts)), _totals(checked), _types(checked)]
    parts.append(f"{counted(checked.lines, 'line')} read: the file is whole")
    return "\n\n".join(parts)


def _facts(facts: FileFacts) -> list[tuple[str, ...]]:
    rows = [
        ("format", facts.format),
        ("version", facts.version),
        ("account", facts.account_id),
        ("from", _stated_moment(facts.period_start)),
        ("to", _stated_moment(facts.period_end)),
        ("number in its report", None if facts.sequence is None else str(facts.sequence)),
        ("the report goes on", "in a further file" if facts.continued else None),
        ("columns not read", ", ".join(facts.extra_columns)),
    ]
    return [(name, value) for name, value in rows if value]


def _stated_moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S %z}"


def _totals(checked: CheckedFile) -> str:
    rows: list[tuple[str, ...]] = []
    for currency in sorted(checked.stated.keys() | checked.computed.keys()):
        stated, computed = checked.stated.get(currency), checked.computed.get(currency)
        rows.append(
            (
                currency.upper(),
                "rows",
                "" if stated is None or stated.rows is None else f"{stated.rows:,}",
                "" if computed is None else f"{computed.rows:,}",
            )
        )
        rows += [
            (
                currency.upper(),
                name,
                _amount(None if stated is None else getattr(stated, field), currency),
                _amount(None if computed is None else getattr(computed, field), currency),
            )
            for name, field in _TOTALS
        ]
        if stated is not None and stated.ending_minor is not None:
            rows.append(
                (currency.upper(), "beginning balance", _amount(stated.beginning_minor, currency), "")
            )
            rows.append((currency.upper(), "ending balance", _amount(stated.ending_minor, currency), ""))
    return table_text(("currency", "total", "stated", "computed"), rows)


def _types(checked: CheckedFile) -> str:
    return table_text(
        ("currency", "type", "kind", "rows", "gross", "fee"),
        [
            (
                currency.upper(),
                one.psp_type,
                one.kind,
                f"{one.rows:,}",
                money_text(one.gross_minor, currency),
                money_text(one.fee_minor, currency),
            )
            for currency in sorted(checked.stated.keys() | checked.computed.keys())
            for totals in (checked.computed.get(currency) or checked.stated.get(currency),)
            if totals is not None
            for one in totals.by_type
        ],
    )


def _amount(minor: int | None, currency: Currency) -> str:
    return "" if minor is None else money_text(minor, currency)
