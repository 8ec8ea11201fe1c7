"""The built files of every version of fincore.js: the folder `built` has one folder for each.

A version stays as it was published: shops pin it with the hash in its manifest. A change gets a version of its own.
"""

import gzip
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import msgspec

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".ts": "text/plain; charset=utf-8",
        ".json": "application/json",
    }
)


class BuiltFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent, plain and with gzip. The `etag` is of the plain one."""

    content: bytes
    gzipped: bytes
    media_type: str
    etag: str
    is_evergreen: bool


def _built(name: str, content: bytes, *, is_evergreen: bool) -> BuiltFile:
    return BuiltFile(
        content=content,
        gzipped=gzip.compress(content, mtime=0),
        media_type=_TYPES[name[name.rindex(".") :]],
        etag=hashlib.sha256(content).hexdigest()[:32],
        is_evergreen=is_evergreen,
    )


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
