"""What each process used of the machine while something was measured, so that the bottleneck can be seen."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import psutil

SHOWN_SHARE: Final = 0.005
"""A process that used less of a core is not named."""


class CpuUse(msgspec.Struct, frozen=True):
    """CPU seconds that each named process used in a stretch of time, and `others`: the rest of the machine."""

    elapsed_seconds: float
    seconds: dict[str, float]
    others: float

    def __str__(self) -> str:
        """In cores: 1.0 is one core all the time."""
        parts = [
            f"{name} {seconds / self.elapsed_seconds:.2f}"
            for name, seconds in self.seconds.items()
            if seconds >= SHOWN_SHARE * self.elapsed_seconds
        ]
        return ", ".join([*parts, f"everything else {self.others / self.elapsed_seconds:.2f}"])

    def microseconds_each(self, count: int) -> dict[str, float]:
        """What each process used for one of `count` things done meanwhile."""
        return {
            name: seconds / count * 1e6
            for name, seconds in self.seconds.items()
            if seconds >= SHOWN_SHARE * self.elapsed_seconds
        }


class CpuMeter:
    """Takes the difference between two moments. A name may stand for several processes, children included."""

    def __init__(self, processes: Mapping[str, Iterable[int]]) -> None:
        self._processes = {name: tuple(pids) for name, pids in processes.items()}
        self._began = time.monotonic()
        self._before = self._used()
        self._machine_before = _machine_seconds()

    def use(self, **also_seconds: float) -> CpuUse:
        """The use since the meter was made; `also_seconds` adds CPU seconds of processes that have ended."""
        elapsed = time.monotonic() - self._began
        used = {name: seconds - self._before[name] for name, seconds in self._used().items()} | also_seconds
        machine = _machine_seconds() - self._machine_before
        others = max(0.0, machine - sum(used.values()))
        return CpuUse(elapsed, {name: max(0.0, seconds) for name, seconds in used.items()}, others)

    def _used(self) -> dict[str, float]:
        return {name: sum(map(_tree_seconds, pids)) for name, pids in self._processes.items()}


def _tree_seconds(pid: int) -> float:
    """CPU seconds of a process, its living children, and those it has reaped."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for member in family:
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _machine_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def memory_peak_mib(pid: int) -> float:
    """The most memory a process has held, in MiB, as Linux tells it."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - procfs
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
