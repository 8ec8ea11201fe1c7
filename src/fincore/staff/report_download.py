"""Reports as files: which form is asked for, and the answer that a browser keeps and never shows. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from fincore.http.exchange import Response
from fincore.http.list_filters import chosen
from fincore.http.list_query import ListQuery
from fincore.http.openapi import Content, Parameter
from fincore.http.problems import Problem
from fincore.reconciliation.report.forms import REPORT_FORMATS, ReportFormat

Id = TypeVar("Id")

MEDIA_TYPES: Final[Mapping[ReportFormat, str]] = MappingProxyType(
    {"json": "application/json", "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}
)
FORMAT: Final = Parameter(
    name="format",
    place="query",
    is_required=True,
    description="The form of the file.",
    schema={"type": "string", "enum": list(REPORT_FORMATS)},
)
REPORT_FILE: Final = Content(
    shape={"type": "string"},
    media_type="text/html",
    description="The file, in the media type of its form, with its name in `Content-Disposition`. The one in JSON has the hash `sha256` of "
    "the report.",
)


def report_format(query: ListQuery[Id]) -> ReportFormat:
    """The form that a query asks for. Raises `parameter_invalid`."""
    form = chosen(query, "format", REPORT_FORMATS)
    if form is None:
        raise Problem(
            "parameter_invalid", f"Say format={REPORT_FORMATS[0]}, or another form.", param="format"
        )
    return form


def report_file(name: str, form: ReportFormat, text: str) -> Response:
    """A report as a file `report-{name}`, as the command line writes it."""
    disposition = f'attachment; filename="report-{name}.{form}"'
    return Response(200, text.encode(), MEDIA_TYPES[form], (("content-disposition", disposition),))
