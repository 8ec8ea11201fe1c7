"""The runs of reports that the simulated Stripe knows, and the content of the files that they made."""

from collections.abc import Iterator

import msgspec

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.stripe.wire_payouts import File, ReportRun


class StoredRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A run with the name and the address that its file will have."""

    run: ReportRun
    file_id: str
    file_url: str


class ReportStore:
    """Bounded: past `max_rows` the oldest run is dropped, and the oldest file."""

    def __init__(self, *, max_rows: int) -> None:
        self._runs: BoundedStore[StoredRun] = BoundedStore(max_rows=max_rows)
        self._files: BoundedStore[File] = BoundedStore(max_rows=max_rows, dropped=self._drop_content)
        self._contents: dict[str, bytes] = {}

    def add(self, account: str, stored: StoredRun) -> None:
        """A run begins."""
        self._runs.add(account, stored.run.id, stored)

    def finish(self, account: str, run: ReportRun, content: bytes) -> None:
        """A run is over; `content` is that of its file, if it made one."""
        stored = self._runs.get(account, run.id)
        if stored is not None:
            self._runs.replace(run.id, msgspec.structs.replace(stored, run=run))
        if run.result is not None:
            self._files.add(account, run.result.id, run.result)
            self._contents[run.result.id] = content

    def get(self, account: str, run_id: str) -> StoredRun | None:
        """The account's run of this id."""
        return self._runs.get(account, run_id)

    def newest_first(self, account: str) -> Iterator[ReportRun]:
        """The account's runs, newest first."""
        return (stored.run for stored in self._runs.newest_first(account))

    def file(self, account: str, file_id: str) -> File | None:
        """The account's file of this id."""
        return self._files.get(account, file_id)

    def content(self, account: str, file_id: str) -> bytes | None:
        """The bytes of the account's file of this id."""
        return None if self.file(account, file_id) is None else self._contents[file_id]

    def clear(self) -> None:
        """Forget all of them."""
        self._runs.clear()
        self._files.clear()
        self._contents.clear()

    def _drop_content(self, _account: str, file_id: str, _file: File) -> None:
        del self._contents[file_id]
