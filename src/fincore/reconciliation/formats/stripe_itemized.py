"""Stripe's itemized payout reconciliation (`payout_reconciliation.by_id.itemized.4`): a row a balance transaction. Pure.

The file states no count and no total: that nothing is missing is proved by the summary of the same payout alone.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import BinaryIO, Final

from fincore.domain.currency import Currency, exponent_of
from fincore.domain.money import Money
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.reconciliation.formats.decimal_amounts import minor_of
from fincore.reconciliation.formats.our_ids import is_charge_id, is_refund_id
from fincore.reconciliation.formats.records import Records, columns_of
from fincore.reconciliation.formats.stripe_rows import amounts_of, currency_of, kind_of, require_columns
from fincore.reconciliation.line import REFERENCE_CHARACTERS_MAX, SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileFacts, FileRefused, Reading, file_end, quoted
from fincore.reconciliation.totals import Sums
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, REFUND_ID_KEY

PARSER_VERSION: Final = 2
REPORT_TYPE: Final = "payout_reconciliation.by_id.itemized.4"
COLUMNS: Final = (
    "balance_transaction_id",
    "created_utc",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "source_id",
    "automatic_payout_id",
    "charge_id",
    "payment_intent_id",
    "customer_facing_amount",
    "customer_facing_currency",
    f"payment_metadata[{CHARGE_ID_KEY}]",
    f"refund_metadata[{REFUND_ID_KEY}]",
)
"""What to ask Stripe for, and what must be there. Times are those by UTC: the others are in the zone of the request."""
TRACE_COLUMN: Final = "trace_id"
"""The bank's reference, which reports over several payouts have and reports of one have not."""

_YEARS: Final = range(2010, 2200)
_LENGTH: Final = len("2026-01-06 00:00:30")
_REMEMBERED_MAX: Final = 4_096


def read_stripe_itemized(stream: BinaryIO, expected: Expected) -> Reading:
    """Read a report. Raises `FileRefused`."""
    rows: _Rows | None = None
    for number, row in Records(stream):
        if rows is None:
            rows = _Rows(number, row, expected)
        else:
            yield rows.line_of(number, row)
    if rows is None:
        raise FileRefused(None, "the file is empty: not even a header is there")
    facts = FileFacts(format="stripe_payout_itemized", extra_columns=rows.extra_columns)
    return file_end(facts, {}, rows.sums.values())


class _Rows:
    """The rows as far as they were read."""

    def __init__(self, number: int, header: list[str], expected: Expected) -> None:
        columns = columns_of(number, header)
        require_columns(number, columns, COLUMNS)
        self.sums: dict[tuple[str, str], Sums] = {}
        self._shown_minor: Counter[Currency] = Counter()
        self.extra_columns = _others(columns)
        self._payout = expected.payout_reference
        self._width = len(header)
        self._lacks_trace = TRACE_COLUMN not in columns
        places = [columns.get(name, self._width) for name in (*COLUMNS, TRACE_COLUMN)]
        self._pick: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*places)

    def line_of(self, number: int, row: list[str]) -> SettlementLine:
        """The line that a row is. Raises `FileRefused`."""
        if len(row) != self._width:
            raise FileRefused(number, f"has {len(row)} fields, and the header {self._width}")
        if self._lacks_trace:
            row.append("")
        (
            own, created, currency_code, gross, fee, net, category, source, payout, charge, intent,
            shown_amount, shown_currency, charge_of_ours, refund_of_ours, trace,
        ) = self._pick(row)  # fmt: skip
        sums = self.sums.get((currency_code, category))
        if sums is None:
            sums = Sums(currency_of(number, currency_code), category, kind_of(number, category))
            self.sums[currency_code, category] = sums
        currency = sums.currency
        gross_minor, fee_minor = amounts_of(number, gross, fee, net, currency)
        sums.add(gross_minor, fee_minor)
        occurred_at = utc_of(created)
        if occurred_at is None:
            raise FileRefused(number, f"{quoted(created)} is no time such as 2026-01-06 00:00:30")
        if payout and self._payout and payout != self._payout:
            raise FileRefused(number, f"is about the payout {quoted(payout)}, not {quoted(self._payout)}")
        if (
            not own
            or len(own) + len(source) + len(payout) + len(charge) + len(intent) + len(trace)
            > REFERENCE_CHARACTERS_MAX
        ):
            raise FileRefused(
                number,
                "must have a balance transaction id, "
                f"and ids of at most {REFERENCE_CHARACTERS_MAX} characters together",
            )
        kind = sums.kind
        is_refund = kind in ("refund", "refund_failed")
        ours, has_shape = (refund_of_ours, is_refund_id) if is_refund else (charge_of_ours, is_charge_id)
        payment = intent or charge
        return SettlementLine(
            number,
            kind,
            category,
            own,
            _references(source, intent, charge),
            payment if payment and kind != "payment" else None,
            ours if ours and has_shape(ours) else None,
            currency,
            gross_minor,
            fee_minor,
            occurred_at,
            payout or (source if source and kind in ("payout", "payout_returned") else None),
            trace or None,
            self._presentment(number, shown_amount, shown_currency, currency_code, gross_minor),
            None,
        )

    def _presentment(
        self, number: int, amount: str, code: str, settled_in: str, gross_minor: int
    ) -> Money | None:
        if not code or code == settled_in or code.lower() == settled_in.lower():
            return None
        currency = currency_of(number, code)
        minor = minor_of(amount, exponent_of(currency))
        if minor is None:
            raise FileRefused(number, f"{quoted(amount)} is no amount of {currency.upper()}")
        self._shown_minor[currency] += abs(minor)
        if self._shown_minor[currency] > SUM_MINOR_MAX:
            raise FileRefused(
                number,
                f"what customers paid and got back in {currency.upper()} adds up to more than can be booked",
            )
        # Stripe shows it without a direction, of a refund too: the gross amount has it.
        return Money(-abs(minor) if gross_minor < 0 else abs(minor), currency)


def _references(source: str, intent: str, charge: str) -> tuple[str, ...]:
    if source and intent and (not charge or charge == source):
        return (source, intent)
    return tuple(one for one in dict.fromkeys((source, intent, charge)) if one)


def _others(columns: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(name for name in columns if name not in COLUMNS and name != TRACE_COLUMN)


@lru_cache(maxsize=_REMEMBERED_MAX)
def utc_of(text: str) -> datetime | None:
    """The moment that `2026-01-06 00:00:30` names, by UTC; None for any other text."""
    if len(text) != _LENGTH or text[10] != " ":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None and moment.year in _YEARS else None
