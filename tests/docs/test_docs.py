"""What the docs name is there, what they link to exists, what they print is what the code says."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from docs.markdown import (
    CodeBlock,
    anchors,
    code_blocks,
    inline_codes,
    links,
    prose,
)
from docs.printed import DOCUMENTS, PRINTED, PROJECT, metrics, printed_blocks
from fincore.__main__ import app
from fincore.bootstrap.roles import ROLES
from fincore.bootstrap.setting import FILE_SUFFIX
from fincore.bootstrap.settings import SECRET_SETTINGS, SETTINGS
from fincore.domain.events import EVENTS
from fincore.domain.job import JobKind
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, REFUND_ID_KEY
from fixtures.forking import FORK_SERVER

SOURCE_FOLDERS = (PROJECT, PROJECT / "src", PROJECT / "src/fincore", PROJECT / "docs")
PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|sql|toml|json)")
TREE_PATH = re.compile(
    r"(?<![\w/.-])(?:src|tests|docs|demo|bench|harness|loadtest|scripts|\.ci|\.github)/[\w./-]*\w"
)
"""A path from the root of the repository, in prose or in a command."""
GENERATED = ("dist/", "var/")
"""Folders that commands make."""
OTHER_SETTINGS = {"FINCORE_TEST_DSN", "FINCORE_LOAD_API_KEY", "FINCORE_LOAD_SETTINGS"}
"""What tests and load tests read, and FinCore does not."""
OTHER_NAMES = {"fincore_service", CHARGE_ID_KEY, REFUND_ID_KEY}
"""What begins like a metric and is none."""

documents = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(path.relative_to(PROJECT)) for path in DOCUMENTS]
)


def blocks_in(*languages: str) -> list[CodeBlock]:
    return [block for path in DOCUMENTS for block in code_blocks(path) if block.language in languages]


def shell_blocks() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", blocks_in("sh"), ids=lambda block: block.where)


def exists_somewhere(name: str, document: Path) -> bool:
    folders = (document.parent, *SOURCE_FOLDERS)
    if any((folder / name).exists() for folder in folders):
        return True
    return "/" not in name and any((PROJECT / "src").rglob(name))


def test_documents_to_check_include_the_main_ones() -> None:
    assert {"README.md", "architecture.md", "run.md", "integrate.md"} <= {path.name for path in DOCUMENTS}


@documents
def test_every_relative_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    broken = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@documents
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = [
        code for code in inline_codes(document) if PATH.fullmatch(code) and not code.startswith(GENERATED)
    ]
    # A path that begins with a slash is one of the API and does not match.
    assert [name for name in named if not exists_somewhere(name, document)] == []


@documents
def test_each_path_from_the_root_exists(document: Path) -> None:
    named = set(TREE_PATH.findall(document.read_text()))
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


@pytest.mark.parametrize(
    "name", ["Makefile", ".ci/run", ".pre-commit-config.yaml", ".github/workflows/ci.yml"]
)
def test_each_path_of_a_build_file_exists(name: str) -> None:
    text = (PROJECT / name).read_text()
    named = {path for path in TREE_PATH.findall(text) if "*" not in path}
    assert [path for path in sorted(named) if not (PROJECT / path).exists()] == []


def test_workflow_runs_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    run = set(re.findall(r"run: make ([a-z-]+)", (PROJECT / ".github/workflows/ci.yml").read_text()))
    assert len(run) > 1
    assert run - targets == set()


@documents
def test_every_setting_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"FINCORE_[A-Z_]*[A-Z]", document.read_text()))
    known = {setting.name for setting in SETTINGS} | {name + FILE_SUFFIX for name in SECRET_SETTINGS}
    assert named - known - OTHER_SETTINGS == set()


@documents
def test_every_metric_that_is_named_exists(document: Path) -> None:
    known = set(re.findall(r"`(fincore_\w+)`", metrics())) | OTHER_NAMES
    # What Prometheus makes of a histogram.
    known |= {f"{name}{part}" for name in known for part in ("_count", "_bucket", "_sum")}
    named = set(re.findall(r"\bfincore_[a-z_]+", prose(document)))
    assert named - known == set()


@documents
def test_every_event_that_is_named_exists(document: Path) -> None:
    named = {
        code for code in inline_codes(document) if re.fullmatch(r"(charge|refund|dispute)\.[a-z_]+", code)
    }
    fields = {
        f"{whole}.{name}"
        for whole in ("charge", "refund", "dispute")
        for name in ("failure", "operation", "operation_failure", "status")
    }
    assert named - EVENTS.keys() - set(get_args(JobKind)) - fields == set()


@cache
def written_tests() -> frozenset[str]:
    """The names of all tests."""
    return frozenset(
        name
        for path in (PROJECT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    )


@documents
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = {code for code in inline_codes(document) if re.fullmatch(r"test_\w+", code)}
    assert named - written_tests() == set()


@documents
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)\b(?=`|\s+#|\n)", document.read_text())) - targets == set()


@documents
def test_every_fincore_command_that_is_named_exists(document: Path) -> None:
    wrong = [command for command in fincore_commands(document) if not is_command(command)]
    assert wrong == []


def fincore_commands(document: Path) -> Iterator[list[str]]:
    """The words of each `fincore ...` in the document, up to the first argument."""
    spoken = [code for code in inline_codes(document) if code.startswith("fincore ")]
    typed = re.findall(r"\.venv/bin/(fincore [^\n)]+)", document.read_text())
    for text in (*spoken, *typed):
        words = text.split()[1:]
        if words not in (["..."], ["--version"]):
            yield [word for word in words if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]


def is_command(words: list[str]) -> bool:
    chain, apps, _ = app.parse_commands(words)
    if words[0] == "run":
        return words[1:] in ([], *([role] for role in ROLES))
    # A group of commands alone is not something to run.
    return bool(chain) and (len(chain) == len(words)) and apps[-1].default_command is not None


@shell_blocks()
def test_each_fincore_command_shown_parses_with_its_arguments(block: CodeBlock) -> None:
    typed = re.findall(
        r"(?:^|\$\()(?:\.venv/bin/)?fincore ([^\n)#|]+)", block.code.replace("\\\n", " "), re.MULTILINE
    )
    for arguments in typed:
        told = [with_an_id(word) for word in shlex.split(arguments)]
        app.parse_args(told, print_error=False, exit_on_error=False)


def with_an_id(word: str) -> str:
    """A word of a command line; where a variable or an ellipsis stands for an id, with one."""
    prefix = {"$MERCHANT": "mer", "$CHARGE": "ch"}.get(word, word.removesuffix("_..."))
    return word if prefix == word else f"{prefix}_01h2xcejqtf2nbrexx3vqjhp41"


def test_every_option_of_the_sandbox_that_is_named_exists() -> None:
    told = subprocess.run(
        [FORK_SERVER.python, "-m", "psp_sandbox", "--help"], capture_output=True, text=True, check=True
    ).stdout
    named = {
        option
        for path in DOCUMENTS
        for line in path.read_text().replace("\\\n", " ").splitlines()
        if "psp-sandbox" in line or "latency-p50" in line
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", line)
    }
    assert named
    assert {option for option in named if option not in told} == set()


def test_the_boxes_of_the_readmes_diagram_are_folders() -> None:
    (diagram,) = (block.code for block in blocks_in("mermaid") if block.document.name == "README.md")
    boxes = set(re.findall(r"<b>(\w+)</b>", diagram))
    folders = {path.name for path in (PROJECT / "src/fincore").rglob("*/") if path.is_dir()}
    assert len(boxes) >= 10
    assert boxes <= folders
    assert [role for role in ROLES if not re.search(rf"\b{role}\b", diagram)] == []


def test_each_box_of_the_readmes_diagram_has_a_first_file() -> None:
    """From the diagram to code in one click: `test_every_relative_link_leads_to_a_file_and_a_heading` follows it."""
    readme = (PROJECT / "README.md").read_text()
    rows = re.findall(r"^\| (\w+)[^|]*\|[^|]*\?[^|]*\| \[[\w/.]+\]\(src/[\w/.]+\) \|$", readme, re.MULTILINE)
    assert set(rows) == set(re.findall(r"<b>(\w+)</b>", readme))


def test_documented_ports_are_those_of_the_roles() -> None:
    told = re.findall(
        r"^\|[^|]*\((\d+)\) \| health and metrics of `([\w-]+)` \|",
        (PROJECT / "docs/guides/run.md").read_text(),
        re.MULTILINE,
    )
    assert told == [(str(9100 + place), role) for place, role in enumerate(ROLES)]


@documents
def test_every_fence_is_closed(document: Path) -> None:
    assert "```" not in prose(document)


@documents
def test_printed_blocks_match_the_code(document: Path) -> None:
    blocks = dict(printed_blocks(document.read_text()))
    marks = re.findall(r"^<!-- printed: (\w+) -->$", document.read_text(), re.MULTILINE)
    assert list(blocks) == marks, "a printed block must end with an empty line"
    for name, content in blocks.items():
        assert content == PRINTED[name](), f"run {sys.executable} tests/docs/printed.py"


def test_each_printable_table_is_shown_in_docs() -> None:
    shown = {name for path in DOCUMENTS for name, _ in printed_blocks(path.read_text())}
    assert shown == set(PRINTED)


@shell_blocks()
def test_every_shell_block_can_be_parsed(block: CodeBlock) -> None:
    parsed = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True, check=False)  # noqa: S607 -- the bash of the reader
    assert (parsed.returncode, parsed.stderr) == (0, "")


@pytest.mark.parametrize("block", blocks_in("json"), ids=lambda block: block.where)
def test_every_json_block_is_json(block: CodeBlock) -> None:
    json.loads(block.code)
