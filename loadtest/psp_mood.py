"""Makes the PSP sandbox slow, unreachable or late with its webhooks while a phase of the mix lasts."""

import json
import urllib.request
from contextlib import suppress
from typing import Any, Final

from loadtest.generator.mix import Phase, Psp

TIMEOUT_SECONDS: Final = 5.0
SLOW_P50_MS: Final = 800.0
SLOW_P99_MS: Final = 3_000.0


class PspMood:
    """The sandbox at `url`; its latency is `p50_ms` and `p99_ms` while no phase says otherwise."""

    def __init__(self, url: str, *, p50_ms: float, p99_ms: float) -> None:
        self._url = url
        self._usual = {"p50_ms": p50_ms, "p99_ms": p99_ms}
        self._now: Psp = "usual"

    def follow(self, phase: Phase | None, *, left_seconds: float) -> None:
        """Behave as a phase says, of which so many seconds are left; None: as usual."""
        wanted: Psp = "usual" if phase is None else phase.psp
        if wanted != self._now:
            self._leave()
            self._now = wanted
            if wanted == "slow":
                self._ask("POST", "latency", {"p50_ms": SLOW_P50_MS, "p99_ms": SLOW_P99_MS})
            elif wanted == "down":
                self._ask("POST", "refuse_connections", {"seconds": max(0.1, left_seconds)})
        if wanted == "holds_webhooks":
            # Each webhook waits until the end of the phase: from one look to the next they are told to wait less.
            self._ask("DELETE", "faults")
            self._ask(
                "POST",
                "faults",
                {"kind": "webhook_delay", "probability": 1.0, "seconds": max(0.1, left_seconds)},
            )

    def _leave(self) -> None:
        if self._now == "slow":
            self._ask("POST", "latency", self._usual)
        elif self._now == "holds_webhooks":
            self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/sandbox/{path}", data=data, method=method)  # noqa: S310 -- the sandbox
        # While it refuses connections, it does so to this program as well.
        with suppress(OSError), urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 -- as above
            pass
