"""The table of problems: complete, used, and documented."""

import ast
from pathlib import Path
from typing import get_args

import fincore.api
import fincore.cardedge
import fincore.checkout
import fincore.domain.requests
import fincore.http
import fincore.staff
import fincore.write.payments
from fincore.api.docs.handlers import Docs
from fincore.domain.events import EVENTS
from fincore.domain.ids import RequestId
from fincore.http.problems import PROBLEMS, Problem, ProblemCode, problem_body


def strings_in_sources() -> set[str]:
    """Every text literal of what answers problems, but for the table and the documentation of it."""
    answering = (
        fincore.api,
        fincore.cardedge,
        fincore.checkout,
        fincore.http,
        fincore.staff,
        fincore.write.payments,
    )
    folders = [path for package in answering for path in package.__path__]
    files = [file for folder in folders for file in Path(folder).rglob("*.py")]
    used = [
        file
        for file in files
        if file.name not in ("problems.py", "document.py") and not file.stem.endswith("openapi")
    ]
    # What is refused in a request on a charge goes out under the code it has there.
    used.append(Path(fincore.domain.requests.__file__))
    return {
        node.value
        for file in used
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_each_problem_code_is_in_table_and_used() -> None:
    assert set(PROBLEMS) == set(get_args(ProblemCode))
    assert set(PROBLEMS) - strings_in_sources() == set()


def test_problem_without_detail_takes_hint_of_its_code() -> None:
    body = problem_body("field_missing", RequestId("req_1"))
    assert body.detail == PROBLEMS["field_missing"].what_to_do == Problem("field_missing").detail
    assert body.type == "/docs/errors#field_missing"


async def test_each_problem_code_has_anchor_on_errors_page() -> None:
    routes = {route.path: route for route in Docs((), {}).routes()}
    page = (await routes["/docs/errors"].handler(None)).body.decode()  # type: ignore[arg-type]
    for code, kind in PROBLEMS.items():
        assert f'id="{code}"' in page
        assert kind.title.replace("'", "&#x27;") in page


async def test_each_event_has_anchor_on_events_page() -> None:
    routes = {route.path: route for route in Docs((), {}).routes()}
    page = (await routes["/docs/events"].handler(None)).body.decode()  # type: ignore[arg-type]
    for event in EVENTS:
        assert f'id="{event}"' in page


def test_retryable_problems_have_retryable_statuses() -> None:
    assert {kind.status for kind in PROBLEMS.values() if kind.retryable} == {408, 409, 429, 500, 503}


def test_titles_are_short_and_their_own() -> None:
    titles = [kind.title for kind in PROBLEMS.values()]
    assert len(set(titles)) == len(titles)
    assert [title for title in titles if len(title.split()) > 6 or title.endswith(".")] == []
    assert all(kind.what_to_do.endswith(".") for kind in PROBLEMS.values())
