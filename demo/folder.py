"""The demo's folder: emptied at the start, held while the demo runs, so that two demos never share one."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo.processes import DemoFailed

DEMOS_MAX: Final = 8
"""Demos that may run on one machine at the same time."""


@contextmanager
def fresh_folder(parent: Path) -> Iterator[Path]:
    """An empty folder in `parent` that no other running demo uses. What a demo leaves there stays to be looked at."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, DEMOS_MAX + 1):
        folder = parent / ("demo" if number == 1 else f"demo-{number}")
        with folder.with_suffix(".lock").open("w", encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                continue
            folder.mkdir()
            yield folder
            return
    raise DemoFailed(f"{DEMOS_MAX} demos are running already")
