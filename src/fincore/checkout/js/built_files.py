"""The built files of every version of fincore.js: the folder `built` has one folder for each.

A version stays as it was published: shops pin it with the hash in its manifest. A change gets a version of its own.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec

from fincore.http.static_file import StaticFile, static_file


class BuiltFile(StaticFile, frozen=True, kw_only=True):
    """A file of a version. One that is evergreen is at an address that changes with each version."""

    is_evergreen: bool


def _built(name: str, content: bytes, *, is_evergreen: bool) -> BuiltFile:
    return BuiltFile(**msgspec.structs.asdict(static_file(name, content)), is_evergreen=is_evergreen)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))


def _all_files() -> Mapping[tuple[str, str], BuiltFile]:
    folders = {folder.name: folder for folder in (files(__package__) / "built").iterdir()}
    versions = sorted(folders, key=_numbers)
    # The newest version of each major one comes last, and stays.
    addressed = {version: version for version in versions} | {
        f"v{_numbers(version)[0]}": version for version in versions
    }
    return {
        (address, file.name): _built(file.name, file.read_bytes(), is_evergreen=address != version)
        for address, version in addressed.items()
        for file in folders[version].iterdir()
    }


BUILT_FILES: Final = _all_files()
"""By version (`1.0.0`, or `v1` for the newest of 1) and name."""
