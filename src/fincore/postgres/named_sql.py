"""SQL lives in .sql files; each statement there has a name and a sentence.

A file is read as blocks that start with `-- name: some_query`. Comment lines that follow are the sentence.
"""

from importlib.resources import files
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

_MARK = "-- name:"


class NamedSql(SimpleNamespace):
    """The statements of one .sql file as attributes: `sql.read_after` is the text of that block."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> str: ...


def load_sql(package: str, file_name: str) -> NamedSql:
    """The named statements of a .sql file that lies in a package; raise `ValueError` for a file without any."""
    text = files(package).joinpath(file_name).read_text(encoding="utf-8")
    statements: dict[str, Any] = {}
    for block in text.split(_MARK)[1:]:
        name, _, body = block.partition("\n")
        statements[name.strip()] = body.strip().rstrip(";")
    if not statements:
        raise ValueError(f"{package}/{file_name} holds no '{_MARK} ...' block")
    return NamedSql(**statements)
