"""Runs of reports and their files: create, retrieve, list, read the content."""

from zoneinfo import ZoneInfoNotFoundError

from msgspec import UNSET

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.errors import Refusal, invalid_request, no_such
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import Expandable, read
from psp_sandbox.stripe.report_columns import column_of
from psp_sandbox.stripe.report_files import zone_of
from psp_sandbox.stripe.report_store import StoredRun
from psp_sandbox.stripe.report_types import REPORT_TYPES, ReportType
from psp_sandbox.stripe.wire_payouts import ReportParameters, ReportRun

MAX_COLUMNS = 200


class CreateRun(Expandable, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """POST /v1/reporting/report_runs."""

    report_type: str
    parameters: ReportParameters = ReportParameters()


def create(call: Call) -> Response:
    """POST /v1/reporting/report_runs: the run is pending, and its file comes with the effect delay."""
    given = read(call.request, CreateRun)
    kind = REPORT_TYPES.get(given.report_type)
    if kind is None:
        raise invalid_request(f"Invalid report_type: {given.report_type[:100]}", param="report_type")
    _check(call, given.report_type, kind, given.parameters)
    run = ReportRun(
        id=new_id("frr"),
        created=call.store.now(),
        livemode=call.caller.livemode,
        parameters=given.parameters,
        report_type=given.report_type,
    )
    file_id = new_id("file")
    url = f"{call.public_url}/v1/files/{file_id}/contents"
    call.store.reports.add(call.account, StoredRun(run=run, file_id=file_id, file_url=url))
    call.store.schedule(call.account, Effect(kind="finish_report", object_id=run.id))
    return Response(payload=run)


def retrieve(call: Call) -> Response:
    """GET /v1/reporting/report_runs/{id}."""
    read(call.request, Expandable)
    stored = call.store.reports.get(call.account, call.named)
    if stored is None:
        raise no_such("report run", call.named, param="report_run")
    return Response(payload=stored.run)


def list_runs(call: Call) -> Response:
    """GET /v1/reporting/report_runs."""
    given = read(call.request, ListParameters)
    runs = call.store.reports.newest_first(call.account)
    return Response(payload=page(runs, given, url="/v1/reporting/report_runs", show=lambda run: run))


def retrieve_file(call: Call) -> Response:
    """GET /v1/files/{id}."""
    read(call.request, Expandable)
    file = call.store.reports.file(call.account, call.named)
    if file is None:
        raise no_such("file upload", call.named, param="file")
    return Response(payload=file)


def read_file(call: Call) -> Response:
    """GET /v1/files/{id}/contents, with the secret key like every call; Stripe serves it on a host of its own."""
    content = call.store.reports.content(call.account, call.named)
    if content is None:
        raise no_such("file upload", call.named, param="file")
    return Response(payload=content, content_type="text/csv")


def _check(call: Call, name: str, kind: ReportType, given: ReportParameters) -> None:
    """Raises Refusal: a parameter or a column that the report does not take, or one that it needs and has not."""
    said = {field for field in given.__struct_fields__ if getattr(given, field) is not UNSET}
    for missing in sorted(kind.required - said):
        param = f"parameters[{missing}]"
        raise invalid_request(f"Missing required param: {param}.", param=param, code="parameter_missing")
    for unknown in sorted(said - kind.required - kind.optional):
        raise _wrong(unknown, f"The report {name} does not take the parameter {unknown}.")
    if given.columns is not UNSET:
        _check_columns(name, kind, given.columns)
    if given.payout is not UNSET and call.store.payouts.get(call.account, given.payout) is None:
        raise invalid_request(
            f"No such payout: '{given.payout[:100]}'", param="parameters[payout]", code="resource_missing"
        )
    if given.interval_start is not UNSET and given.interval_end is not UNSET:
        _check_interval(given.interval_start, given.interval_end)
    try:
        zone_of(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise _wrong("timezone", "Invalid timezone.") from error


def _check_interval(start: int, end: int) -> None:
    if not 0 <= start < end:
        raise _wrong("interval_end", "interval_end must be after interval_start.")


def _check_columns(name: str, kind: ReportType, columns: tuple[str, ...]) -> None:
    if not 0 < len(columns) <= MAX_COLUMNS:
        raise _wrong("columns", f"You can ask for 1 to {MAX_COLUMNS} columns.")
    for column in columns:
        known = column in kind.default_columns or column_of(kind.columns, column) is not None
        if not known or (kind.is_summary and column not in kind.default_columns):
            raise _wrong("columns", f"The report {name} has no column {column[:60]}.")


def _wrong(parameter: str, message: str) -> Refusal:
    return invalid_request(message, param=f"parameters[{parameter}]")
