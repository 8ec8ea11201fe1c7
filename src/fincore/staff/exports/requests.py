"""What exports ask for: what is filtered, why, and in which zone times are shown beside UTC."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from fincore.domain.outcome import DisputeStatus
from fincore.domain.refund import RefundStatus
from fincore.http.problems import Problem
from fincore.reconciliation.breaks.break_status import BreakStatus
from fincore.reconciliation.matching.differences import BreakClass
from fincore.staff.acting import Reasoned
from fincore.staff.charges.requests import StaffChargeFilter
from fincore.staff.payment_scope import NO_NUL, MerchantField, ModeField

Moment = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(min_length=1, max_length=255, pattern=NO_NUL)]
Code = Annotated[str, Meta(pattern="^[a-z]{3}$")]
DAYS_MAX: Final = 36_500
Days = Annotated[int, Meta(ge=0, le=DAYS_MAX)]


class StaffExport(Reasoned, frozen=True, kw_only=True):
    """What every export asks for."""

    time_zone: Annotated[
        Annotated[str, Meta(max_length=64)] | None,
        Meta(
            description="A zone of the IANA database in which times are shown beside UTC; null: by UTC alone.",
            examples=["Europe/Berlin"],
        ),
    ] = None


class StaffChargeExport(StaffExport, frozen=True, kw_only=True):
    """Which charges to export."""

    filter: Annotated[StaffChargeFilter, Meta(description="Which charges, as in a search.")]


class StaffRefundExport(StaffExport, frozen=True, kw_only=True):
    """Which refunds to export."""

    mode: ModeField
    merchant: MerchantField = None
    status: Annotated[
        tuple[RefundStatus, ...], Meta(max_length=10, description="Only refunds in these states.")
    ] = ()
    created_from: Annotated[
        Moment | None, Meta(description="Only refunds asked for at this time or later.")
    ] = None
    created_before: Annotated[
        Moment | None, Meta(description="Only refunds asked for earlier than this.")
    ] = None


class StaffDisputeExport(StaffExport, frozen=True, kw_only=True):
    """Which disputes to export."""

    mode: ModeField
    merchant: MerchantField = None
    status: Annotated[
        tuple[DisputeStatus, ...], Meta(max_length=10, description="Only disputes in these states.")
    ] = ()
    opened_from: Annotated[Moment | None, Meta(description="Only disputes opened at this time or later.")] = (
        None
    )
    opened_before: Annotated[Moment | None, Meta(description="Only disputes opened earlier than this.")] = (
        None
    )


class StaffBreakExport(StaffExport, frozen=True, kw_only=True):
    """Which breaks to export."""

    mode: ModeField
    break_class: Annotated[BreakClass | None, Meta(description="Only breaks of this class.")] = None
    status: Annotated[BreakStatus | None, Meta(description="Only breaks with this status.")] = None
    owner: Annotated[Text | None, Meta(description="Only breaks of this owner.")] = None
    unowned: Annotated[bool, Meta(description="Whether only breaks without an owner are exported.")] = False
    charge: Annotated[
        Annotated[str, Meta(pattern="^ch_[0-7][0-9a-hjkmnp-tv-z]{25}$")] | None,
        Meta(description="Only breaks of this charge."),
    ] = None
    psp: Annotated[Text | None, Meta(description="Only breaks at this PSP.")] = None
    psp_account: Annotated[Text | None, Meta(description="Only breaks at this account of a PSP.")] = None
    currency: Annotated[Code | None, Meta(description="Only breaks in this currency.")] = None
    min_days: Annotated[Days, Meta(description="Only breaks that are at least so many days old.")] = 0
    max_days: Annotated[Days | None, Meta(description="Only breaks that are at most so many days old.")] = (
        None
    )
    closed: Annotated[bool, Meta(description="Whether closed breaks are exported, too.")] = False


class StaffStatementExport(StaffExport, frozen=True, kw_only=True):
    """Which statement to export."""

    mode: ModeField
    account: Annotated[
        Text, Meta(description="The name of the account.", examples=["psp:stripe:default:clearing:usd"])
    ]
    booked_from: Annotated[Moment | None, Meta(description="Only what was booked at this time or later.")] = (
        None
    )
    booked_before: Annotated[Moment | None, Meta(description="Only what was booked before this.")] = None


class StaffTrialBalanceExport(StaffExport, frozen=True, kw_only=True):
    """Which trial balance to export: as of a time of booking, a sealed day or an entry; as of now without one."""

    mode: ModeField
    currency: Annotated[Code | None, Meta(description="Only accounts in this currency.")] = None
    at: Annotated[Moment | None, Meta(description="With all that was booked at this time or before it.")] = (
        None
    )
    day: Annotated[
        date | None, Meta(description="With all that was booked until the end of this sealed day.")
    ] = None
    entry: Annotated[
        Annotated[int, Meta(ge=1, le=10**18)] | None,
        Meta(description="With all that was booked up to this entry."),
    ] = None


def zone_of(request: StaffExport) -> ZoneInfo | None:
    """The zone that a request names. Raises `field_invalid`."""
    if request.time_zone is None:
        return None
    if request.time_zone not in _zones():
        raise Problem(
            "field_invalid",
            "time_zone must be a zone of the IANA database, such as Europe/Berlin.",
            param="time_zone",
        )
    return ZoneInfo(request.time_zone)


def filter_names(request: msgspec.Struct) -> str:
    """Which filters a request sets, for the audit trail: what they hold may be personal. `false` and 0 are filters, too."""
    inner = getattr(request, "filter", None)
    parts = [request] if inner is None else [request, inner]
    return " ".join(
        sorted(name for part in parts for name in _given(part) if name not in ("reason", "filter"))
    )


def _given(part: msgspec.Struct) -> list[str]:
    """The fields that do not hold what they hold where nothing is sent."""
    return [
        field.name
        for field in msgspec.structs.fields(part)
        if getattr(part, field.name) != _default_of(field)
    ]


def _default_of(field: msgspec.structs.FieldInfo) -> object:
    """What a field holds where nothing is sent; `NODEFAULT` where something must be."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
