"""The types of reports there are: what each takes, and its columns. Pure."""

import msgspec

from psp_sandbox.stripe.report_columns import FIRST, LATER, Column

SUMMARY_COLUMNS = ("reporting_category", "currency", "count", "gross", "fee", "net")
DEFAULT_COLUMNS = (
    "automatic_payout_id",
    "automatic_payout_effective_at",
    "balance_transaction_id",
    "created",
    "available_on",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "description",
)


class ReportType(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One type of report. `columns` is empty for a summary, which has `default_columns` only."""

    required: frozenset[str]
    optional: frozenset[str]
    columns: dict[str, Column]
    default_columns: tuple[str, ...]

    @property
    def is_summary(self) -> bool:
        """Whether it has a row for each reporting category and currency, and none for a balance transaction."""
        return not self.columns


REPORT_TYPES: dict[str, ReportType] = {
    "payout_reconciliation.by_id.itemized.4": ReportType(
        required=frozenset({"payout"}),
        optional=frozenset({"columns", "reporting_category", "timezone"}),
        columns=FIRST,
        default_columns=DEFAULT_COLUMNS,
    ),
    "payout_reconciliation.by_id.summary.1": ReportType(
        required=frozenset({"payout"}),
        optional=frozenset({"columns"}),
        columns={},
        default_columns=SUMMARY_COLUMNS,
    ),
    "payout_reconciliation.itemized.7": ReportType(
        required=frozenset({"interval_end", "interval_start"}),
        optional=frozenset({"columns", "currency", "reporting_category", "timezone"}),
        columns=FIRST | LATER,
        default_columns=DEFAULT_COLUMNS,
    ),
}
