"""Reading the docs: their prose, links, headings and code blocks."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from docs.printed import PROJECT

_CODE: Final = re.compile(
    r"^(?: *<!-- (?P<mark>run|answer): (?P<name>[\w-]+) -->\n)?"
    r"(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_INLINE: Final = re.compile(r"`([^`\n]+)`")


class CodeBlock(NamedTuple):
    """A fenced block. `mark` is `run` or `answer` with a name, where a comment above the block says so."""

    document: Path
    language: str
    code: str
    mark: str | None
    name: str | None

    @property
    def where(self) -> str:
        """The document and how the block begins."""
        return f"{self.document.relative_to(PROJECT)}: {self.code.strip().splitlines()[0]}"


def code_blocks(document: Path) -> Iterator[CodeBlock]:
    """The fenced blocks of a document, in order."""
    for match in _CODE.finditer(document.read_text()):
        yield CodeBlock(
            document=document,
            language=match["language"],
            code=textwrap.dedent(match["code"]),
            mark=match["mark"],
            name=match["name"],
        )


def named_block(document: str, mark: str, name: str) -> CodeBlock:
    """The one block of a document with this mark and name."""
    (block,) = (
        block for block in code_blocks(PROJECT / document) if (block.mark, block.name) == (mark, name)
    )
    return block


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return _CODE.sub("", document.read_text())


def links(document: Path) -> list[str]:
    """Where the links of a document go, other sites left out."""
    return [
        target for target in _LINK.findall(prose(document)) if not target.startswith(("http://", "https://"))
    ]


def inline_codes(document: Path) -> list[str]:
    """What stands between backticks."""
    return _INLINE.findall(prose(document))


def anchors(document: Path) -> set[str]:
    """The names by which the headings of a document can be linked to, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in _HEADING.findall(prose(document))
    }
