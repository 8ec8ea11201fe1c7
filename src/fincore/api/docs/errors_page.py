"""/docs/errors: the table of problems as a page to read. Pure."""

from html import escape
from http import HTTPStatus

from fincore.api.docs.page import Contents, html_page, prose, table
from fincore.http.problems import PROBLEMS, ProblemCode


def errors_page() -> str:
    """The page: one row for each code, by status; the `type` of a problem leads to its row."""
    by_status: dict[int, list[ProblemCode]] = {}
    for code, kind in PROBLEMS.items():
        by_status.setdefault(kind.status, []).append(code)
    introduction = (
        "<p>Every error is <code>application/problem+json</code> (RFC 9457). Branch on <code>code</code>. "
        "<code>detail</code> says what is wrong with this request. Where <code>retryable</code> is true, the same "
        "request with the same key may succeed if you send it again.</p>"
    )
    parts = [introduction]
    contents = []
    for status, codes in sorted(by_status.items()):
        title = f"{status} {HTTPStatus(status).phrase}"
        parts.append(
            f'<section id="{status}"><h2>{escape(title)}</h2>'
            + table(("code", "meaning", "what to do"), map(_error_row, sorted(codes)))
            + "</section>"
        )
        contents.append(Contents(title, tuple((code, code) for code in sorted(codes))))
    return html_page("Error codes", "".join(parts), contents)


def _error_row(code: ProblemCode) -> str:
    kind = PROBLEMS[code]
    retryable = "<small>retryable</small>" if kind.retryable else ""
    return (
        f'<tr id="{code}"><td><code>{code}</code>{retryable}</td><td>{escape(kind.title)}</td>'
        f"<td>{prose(kind.what_to_do)}</td></tr>"
    )
