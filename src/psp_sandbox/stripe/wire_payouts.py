"""The shapes of what leaves the balance: payouts, the runs of reports about them, and the files that those make."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

PayoutStatus = Literal["canceled", "failed", "in_transit", "paid", "pending"]
ReconciliationStatus = Literal["completed", "in_progress", "not_applicable"]
RunStatus = Literal["failed", "pending", "succeeded"]


class TraceId(Struct, frozen=True, kw_only=True, gc=False):
    """What the bank calls the payout; `pending` until the bank has told, `unsupported` where the payout never arrived."""

    status: Literal["pending", "supported", "unsupported"] = "pending"
    value: str | None = None


class Payout(Struct, frozen=True, kw_only=True, gc=False):
    """Money on its way to the bank account, or from it where `amount` is negative; in Stripe's minor units."""

    id: str
    object: Literal["payout"] = "payout"
    amount: int
    application_fee: None = None
    application_fee_amount: None = None
    arrival_date: int
    automatic: bool = True
    balance_transaction: str
    created: int
    currency: str
    description: str | None = "STRIPE PAYOUT"
    destination: str
    failure_balance_transaction: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    livemode: bool
    metadata: dict[str, str] = {}
    method: Literal["standard"] = "standard"
    original_payout: None = None
    payout_method: None = None
    reconciliation_status: ReconciliationStatus = "in_progress"
    reversed_by: None = None
    source_type: Literal["card"] = "card"
    statement_descriptor: None = None
    status: PayoutStatus = "pending"
    trace_id: TraceId = TraceId()
    type: Literal["bank_account"] = "bank_account"


class ReportParameters(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """What a run of a report is about; each type of report takes some of these. Times are unix seconds."""

    columns: tuple[str, ...] | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    interval_end: int | UnsetType = UNSET
    interval_start: int | UnsetType = UNSET
    payout: str | UnsetType = UNSET
    reporting_category: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET


class NoLinks(Struct, frozen=True, kw_only=True, gc=False):
    """The public links to a file: none is ever made."""

    object: Literal["list"] = "list"
    data: tuple[Any, ...] = ()
    has_more: bool = False
    url: str


class File(Struct, frozen=True, kw_only=True, gc=False):
    """A file kept at Stripe; `url` gives its content to the account's secret key."""

    id: str
    object: Literal["file"] = "file"
    created: int
    expires_at: int
    filename: str
    links: NoLinks
    purpose: Literal["finance_report_run"] = "finance_report_run"
    size: int
    title: str
    type: Literal["csv"] = "csv"
    url: str


class ReportRun(Struct, frozen=True, kw_only=True, gc=False):
    """One run of a report. `result` is there once it has succeeded, `error` once it has failed."""

    id: str
    object: Literal["reporting.report_run"] = "reporting.report_run"
    created: int
    error: str | None = None
    livemode: bool
    parameters: ReportParameters
    report_type: str
    result: File | None = None
    status: RunStatus = "pending"
    succeeded_at: int | None = None
