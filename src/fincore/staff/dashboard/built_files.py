"""The built files of the dashboard: `static/index.html`, and the files with a hash in their names that it loads."""

from collections.abc import Mapping
from importlib.resources import files
from typing import NamedTuple

from fincore.http.static_file import StaticFile, static_file


class BuiltFiles(NamedTuple):
    """The page, and by name the files below /assets/."""

    page: StaticFile
    assets: Mapping[str, StaticFile]


def read_built_files() -> BuiltFiles:
    """All files, from the package into memory."""
    folder = files(__package__) / "static"
    return BuiltFiles(
        page=static_file("index.html", (folder / "index.html").read_bytes()),
        assets={
            file.name: static_file(file.name, file.read_bytes()) for file in (folder / "assets").iterdir()
        },
    )
