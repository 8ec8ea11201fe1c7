"""/staff/v1/exports: what is filtered as a CSV file, whole, with a row in the audit trail for each."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.backoffice.exports import Exports
from fincore.backoffice.ledger_views import LedgerViews, MomentAsked
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, stream_of
from fincore.eventstore.commit import IdempotencyKey
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response
from fincore.http.list_query import within_reach
from fincore.http.problems import Problem, ProblemCode
from fincore.read.paymentdb.staff_objects import Made
from fincore.reconciliation.breaks.listing import BreakFilters
from fincore.staff.access.admission import Admission, StaffHandler, Visit
from fincore.staff.acting import Deed, StaffActs, read_act
from fincore.staff.charges.requests import filters_of
from fincore.staff.csv_stream import Row, csv_response
from fincore.staff.exports import rows
from fincore.staff.exports.openapi import export_operation
from fincore.staff.exports.places import EXPORTS_MAX, Places
from fincore.staff.exports.requests import (
    StaffBreakExport,
    StaffChargeExport,
    StaffDisputeExport,
    StaffExport,
    StaffRefundExport,
    StaffStatementExport,
    StaffTrialBalanceExport,
    filter_names,
    zone_of,
)
from fincore.staff.exports.tally import Tally, Times
from fincore.staff.payment_scope import scope_of
from fincore.staff.reading import require_all_merchants
from fincore.write.staff.act_names import ActName

_CHARGES: Final = msgspec.json.Decoder(StaffChargeExport)
_REFUNDS: Final = msgspec.json.Decoder(StaffRefundExport)
_DISPUTES: Final = msgspec.json.Decoder(StaffDisputeExport)
_BREAKS: Final = msgspec.json.Decoder(StaffBreakExport)
_STATEMENT: Final = msgspec.json.Decoder(StaffStatementExport)
_TRIAL_BALANCE: Final = msgspec.json.Decoder(StaffTrialBalanceExport)

_PROBLEMS: Final[Mapping[str, tuple[ProblemCode, ...]]] = MappingProxyType(
    {
        "statement": ("ledger_account_not_found",),
        "trial_balance": ("ledger_moment_unknown",),
        "charges": ("currency_unknown",),
    }
)
RETRY_AFTER_SECONDS: Final = 10
SheetName = Literal["charges", "refunds", "disputes", "breaks", "statement", "trial_balance"]
_NAMES: Final[Mapping[SheetName, ActName]] = MappingProxyType(
    {
        "charges": "export_charges",
        "refunds": "export_refunds",
        "disputes": "export_disputes",
        "breaks": "export_breaks",
        "statement": "export_statement",
        "trial_balance": "export_trial_balance",
    }
)


class Sheet(NamedTuple):
    """An export: its name, its rows below their columns, and the last rows, which are asked for after all others."""

    name: SheetName
    livemode: bool
    columns: Sequence[str]
    rows: AsyncGenerator[Row, None]
    last: Callable[[], Iterable[Row]]


class ExportHandlers:
    """The handlers of exports."""

    def __init__(self, admission: Admission, acts: StaffActs, exports: Exports, ledger: LedgerViews) -> None:
        self._admission = admission
        self._acts = acts
        self._exports = exports
        self._ledger = ledger
        self._places = Places()

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._route(
                "charges",
                "Export charges",
                "Returns the charges of a filter, newest first. What was captured and refunded is compared with the ledger: a difference is what the "
                "ledger, or the list, does not have yet, and what is in suspense.",
                StaffChargeExport,
                self.charges,
            ),
            self._route(
                "refunds",
                "Export refunds",
                "Returns the refunds of a filter, newest first. What succeeded is compared with the ledger.",
                StaffRefundExport,
                self.refunds,
            ),
            self._route(
                "disputes",
                "Export disputes",
                "Returns the disputes of a filter, newest first. What PSPs took for them and put aside is compared with the ledger.",
                StaffDisputeExport,
                self.disputes,
            ),
            self._route(
                "breaks",
                "Export breaks",
                "Returns the breaks of a filter, those opened last first.",
                StaffBreakExport,
                self.breaks,
            ),
            self._route(
                "statement",
                "Export the statement of an account",
                "Returns the opening, each posting in the order of booking with the balance after it, and the close, which is compared with the ledger.",
                StaffStatementExport,
                self.statement,
            ),
            self._route(
                "trial_balance",
                "Export the trial balance",
                "Returns each account by name on the side of its balance. Both sides are compared with the sums of the ledger.",
                StaffTrialBalanceExport,
                self.trial_balance,
            ),
        )

    async def charges(self, call: Call, visit: Visit) -> Response:
        """Charges, by the filters of a search."""
        request = await read_act(call, _CHARGES)
        times = Times(zone_of(request))
        scope = scope_of(visit, request.filter.mode, request.filter.merchant)
        filters = filters_of(request.filter)
        if await self._exports.is_too_wide(scope, filters):
            raise Problem("field_invalid", "Send more of the address.", param="filter.customer_email_prefix")
        columns = rows.charge_columns(times)
        tally = Tally(columns)
        found = rows.charge_rows(self._exports.charges(scope, filters), tally, times)
        compared = ("captured_minor", "refunded_minor")
        sheet = Sheet("charges", scope.livemode, columns, found, lambda: tally.rows(compared))
        return await self._answer(call, visit, request, sheet)

    async def refunds(self, call: Call, visit: Visit) -> Response:
        """Refunds."""
        request = await read_act(call, _REFUNDS)
        times = Times(zone_of(request))
        scope = scope_of(visit, request.mode, request.merchant)
        created = Made(
            request.created_from and within_reach(request.created_from),
            request.created_before and within_reach(request.created_before),
        )
        columns = rows.refund_columns(times)
        tally = Tally(columns)
        found = rows.refund_rows(self._exports.refunds(scope, request.status, created), tally, times)
        sheet = Sheet("refunds", scope.livemode, columns, found, lambda: tally.rows(("succeeded_minor",)))
        return await self._answer(call, visit, request, sheet)

    async def disputes(self, call: Call, visit: Visit) -> Response:
        """Disputes."""
        request = await read_act(call, _DISPUTES)
        times = Times(zone_of(request))
        scope = scope_of(visit, request.mode, request.merchant)
        opened = Made(
            request.opened_from and within_reach(request.opened_from),
            request.opened_before and within_reach(request.opened_before),
        )
        columns = rows.dispute_columns(times)
        tally = Tally(columns)
        found = rows.dispute_rows(self._exports.disputes(scope, request.status, opened), tally, times)
        compared = ("withdrawn_minor", "held_minor")
        sheet = Sheet("disputes", scope.livemode, columns, found, lambda: tally.rows(compared))
        return await self._answer(call, visit, request, sheet)

    async def breaks(self, call: Call, visit: Visit) -> Response:
        """Breaks."""
        request = await read_act(call, _BREAKS)
        times = Times(zone_of(request))
        scope = visit.scope(request.mode)
        require_all_merchants(visit, scope)
        if request.unowned and request.owner is not None:
            raise Problem("field_invalid", "Send one of owner and unowned.", param="unowned")
        wanted = BreakFilters(
            livemode=scope.livemode,
            break_class=request.break_class,
            status=request.status,
            owner="" if request.unowned else request.owner,
            stream_id=None if request.charge is None else stream_of(ChargeId(request.charge)),
            psp=request.psp,
            psp_account=request.psp_account,
            currency=None if request.currency is None else Currency(request.currency),
            days_min=request.min_days,
            days_max=request.max_days,
            with_closed=request.closed,
        )
        columns = rows.break_columns(times)
        tally = Tally(columns)
        found = rows.break_rows(self._exports.breaks(wanted), tally, times)
        sheet = Sheet("breaks", scope.livemode, columns, found, tally.rows)
        return await self._answer(call, visit, request, sheet)

    async def statement(self, call: Call, visit: Visit) -> Response:
        """The statement of an account."""
        request = await read_act(call, _STATEMENT)
        times = Times(zone_of(request))
        scope = visit.scope(request.mode)
        bounds = await self._ledger.statements.bounds(
            request.account,
            livemode=scope.livemode,
            merchants=scope.merchant_ids,
            booked_from=request.booked_from and within_reach(request.booked_from),
            booked_before=request.booked_before and within_reach(request.booked_before),
        )
        if bounds is None:
            raise Problem("ledger_account_not_found", param="account")
        statement = rows.StatementRows(bounds, times)
        found = statement.rows(self._exports.postings(bounds))
        sheet = Sheet("statement", scope.livemode, statement.columns, found, statement.last)
        return await self._answer(call, visit, request, sheet)

    async def trial_balance(self, call: Call, visit: Visit) -> Response:
        """The trial balance."""
        request = await read_act(call, _TRIAL_BALANCE)
        zone_of(request)
        scope = visit.scope(request.mode)
        require_all_merchants(visit, scope)
        if sum(one is not None for one in (request.at, request.day, request.entry)) > 1:
            raise Problem("field_invalid", "Send one of at, day and entry.", param="at")
        at = None if request.at is None else within_reach(request.at)
        moment = await self._ledger.moment(MomentAsked(at=at, day=request.day, entry_id=request.entry))
        if moment is None:
            raise Problem("ledger_moment_unknown")
        currency = None if request.currency is None else Currency(request.currency)
        totals = await self._ledger.totals(moment, livemode=scope.livemode, currency=currency)
        tally = Tally(rows.TRIAL_BALANCE_COLUMNS)
        pages = self._exports.trial_balance(moment, livemode=scope.livemode, currency=currency)
        sheet = Sheet(
            "trial_balance",
            scope.livemode,
            rows.TRIAL_BALANCE_COLUMNS,
            rows.trial_balance_rows(pages, tally, totals),
            tally.rows,
        )
        return await self._answer(call, visit, request, sheet)

    async def _answer(self, call: Call, visit: Visit, request: StaffExport, sheet: Sheet) -> Response:
        """The file, with its row in the audit trail: that it was asked for is recorded before the first row is read."""
        place = self._places.take()
        if place is None:
            raise Problem(
                "rate_limited",
                f"{EXPORTS_MAX} exports are being made. Send this request again after {RETRY_AFTER_SECONDS} s.",
                headers=(("retry-after", str(RETRY_AFTER_SECONDS)),),
            )
        deed = Deed(
            action=_NAMES[sheet.name],
            object_kind="export",
            object_id=sheet.name,
            livemode=sheet.livemode,
            details={"filters": filter_names(request)},
        )

        async def carry(_: IdempotencyKey) -> Response:
            return csv_response(f"{sheet.name}.csv", sheet.columns, place.held_by(sheet.rows), sheet.last)

        try:
            response = await self._acts.carry_out(call, visit, request, deed, carry)
        except BaseException:
            place.give_back()
            raise
        if response.stream is None:
            place.give_back()
        return response

    def _route(self, name: str, summary: str, description: str, body: type, handler: StaffHandler) -> Route:
        return self._admission.route(
            "POST",
            f"/staff/v1/exports/{name}",
            export_operation(name, summary, description, body, _PROBLEMS.get(name, ())),
            handler,
            permission="exports.read",
        )
