"""What a user of the SFTP server finds: the delivered reports of its account, in memory and to be read only.

Refuses to know the machine's files: what the library's server would do with them is refused, call by call.
"""

import stat
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, NoReturn

import asyncssh

from psp_sandbox.paypal.settlement import SettlementFile

FOLDER: Final = "/ppreports/outgoing"
FOLDERS: Final[Mapping[str, tuple[str, ...]]] = {"/": ("ppreports",), "/ppreports": ("outgoing",), FOLDER: ()}
MAX_OPEN_FILES = 64
"""Of one session."""
OF_READERS = stat.S_IRUSR | stat.S_IRGRP
PUBLIC_NAMES: Final = frozenset(
    {"channel", "connection", "convert_attrs", "env", "exit", "logger"}
    | {"format_group", "format_longname", "format_user"}
)
"""What stays as the library has it: none of it takes a path or a file."""

Delivered = Callable[[str], Mapping[str, SettlementFile]]


def _refuse(*_arguments: object) -> NoReturn:
    raise asyncssh.SFTPPermissionDenied("The reports can only be read.")


class ReportFiles(asyncssh.SFTPServer):
    """One session's view. `delivered` gives the files of a user by name, as they are at that moment.

    An open file keeps the content that it had when it was opened.
    """

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], delivered: Delivered) -> None:
        super().__init__(channel)
        self._user: str = channel.get_extra_info("username")
        self._delivered = delivered
        self._open = 0

    def open(self, path: bytes, pflags: int, _attrs: asyncssh.SFTPAttrs) -> object:
        """Open a report to read it."""
        if pflags & ~asyncssh.FXF_READ:
            _refuse()
        if self._open >= MAX_OPEN_FILES:
            raise asyncssh.SFTPFailure(f"At most {MAX_OPEN_FILES} files are open at a time.")
        file = self._file(path)
        self._open += 1
        return file

    def close(self, _file: object) -> None:
        """The session has read enough."""
        self._open -= 1

    def read(self, file: object, offset: int, size: int) -> bytes:
        """A piece of a report; empty past its end."""
        assert isinstance(file, SettlementFile)  # noqa: S101 - what `open` gave
        return file.content[offset : offset + size]

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Kind, size and times of a name; there are no links."""
        return self.stat(path)

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Kind, size and times of a name."""
        if _absolute(path) in FOLDERS:
            return asyncssh.SFTPAttrs(permissions=stat.S_IFDIR | OF_READERS | stat.S_IXUSR | stat.S_IXGRP)
        return _attributes(self._file(path))

    def fstat(self, file: object) -> asyncssh.SFTPAttrs:
        """Kind, size and times of an open report."""
        assert isinstance(file, SettlementFile)  # noqa: S101 - what `open` gave
        return _attributes(file)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """What is in a folder."""
        folder = _absolute(path)
        if folder not in FOLDERS:
            raise asyncssh.SFTPNoSuchFile(f"There is no folder {folder}.")
        for name in FOLDERS[folder]:
            yield asyncssh.SFTPName(name.encode(), attrs=self.stat(f"{folder.rstrip('/')}/{name}".encode()))
        if folder == FOLDER:
            for name, file in self._delivered(self._user).items():
                yield asyncssh.SFTPName(name.encode(), attrs=_attributes(file))

    def realpath(self, path: bytes) -> bytes:
        """A path from the root."""
        return _absolute(path).encode()

    def _file(self, path: bytes) -> SettlementFile:
        folder, _, name = _absolute(path).rpartition("/")
        file = self._delivered(self._user).get(name) if folder == FOLDER else None
        if file is None:
            raise asyncssh.SFTPNoSuchFile(f"There is no file {_absolute(path)}.")
        return file


for _name in vars(asyncssh.SFTPServer):
    if not _name.startswith("_") and _name not in PUBLIC_NAMES and _name not in vars(ReportFiles):
        setattr(ReportFiles, _name, _refuse)


def _absolute(path: bytes) -> str:
    """A path from the root, without `.` and `..`. A session begins at the root."""
    steps: list[str] = []
    for step in path.decode("utf-8", "replace").split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/" + "/".join(steps)


def _attributes(file: SettlementFile) -> asyncssh.SFTPAttrs:
    at = file.delivered_at or 0
    return asyncssh.SFTPAttrs(
        size=len(file.content), permissions=stat.S_IFREG | OF_READERS, atime=at, mtime=at
    )
