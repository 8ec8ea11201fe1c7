"""What a package's docstring says it refuses to know does not appear in its code, beyond what imports show."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "fincore"


def named_in(path: Path) -> Iterator[str]:
    """Every identifier in a module: names, attributes, arguments, definitions, imported names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name))
            ):
                yield name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.alias(name=name):
                yield name.rpartition(".")[2]


def modules_of(*parts: str) -> list[Path]:
    return sorted(path for path in SRC.joinpath(*parts).rglob("*.py"))


def relative(path: Path) -> str:
    return str(path.relative_to(SRC))


@pytest.mark.parametrize("module", modules_of("eventstore"), ids=relative)
def test_event_store_names_nothing_that_events_are_about(module: Path) -> None:
    about = re.compile(r"charge(?!s_per)|refund|dispute|capture|payout|session", re.IGNORECASE)
    assert [name for name in named_in(module) if about.search(name)] == []


@pytest.mark.parametrize("statements", sorted(SRC.joinpath("eventstore").glob("*.sql")), ids=relative)
def test_event_store_statements_look_into_no_event(statements: Path) -> None:
    assert re.findall(r"data\s*(?:->|\?)|'(?:charge|refund|dispute)\.", statements.read_text("utf-8")) == []


@pytest.mark.parametrize("module", modules_of("write", "payments"), ids=relative)
def test_payments_carry_a_response_and_never_read_it(module: Path) -> None:
    http = {"Request", "header", "headers", "location", "media_type", "method", "path", "status_code", "url"}
    assert http.isdisjoint(named_in(module))
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "RenderedResponse"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            # Of a response only the size of its body is of interest, to the cache.
            assert node.value.attr != "response" or (node.attr, module.name) == ("body", "response_cache.py")


@pytest.mark.parametrize("module", modules_of("write", "queue"), ids=relative)
def test_queue_does_not_say_what_becomes_of_a_job(module: Path) -> None:
    assert [
        name for name in named_in(module) if re.search(r"gateway|outcome|charge_?event", name, re.IGNORECASE)
    ] == []
