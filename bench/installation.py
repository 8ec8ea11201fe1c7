"""FinCore as an operator runs it: its roles as processes of the `fincore` command, beside a PSP sandbox."""

import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from harness import installation as harness
from harness.installation import FINCORE

from bench.cpu import CpuMeter
from bench.store import Store
from fincore.bootstrap.roles import Role
from fincore.domain.ids import MerchantId
from fincore.write.psp.stripe.webhook_reports import SUBSCRIBED_TYPES

CHECK_TIMEOUT_SECONDS: Final = 300.0
WEBHOOK_EVENTS: Final = ",".join(sorted(SUBSCRIBED_TYPES))
"""What FinCore asks of Stripe: the events that say something about a charge, a refund or a dispute."""

SETTINGS: Final = {
    "FINCORE_SECRETS_KEY": b64encode(bytes(32)).decode(),
    "FINCORE_LOG_LEVEL": "warning",
    "FINCORE_RATE_LIMIT_TEST_PER_SECOND": "1000000",
}


class Installation(harness.Installation):
    """One FinCore on one fresh database, with a merchant."""

    def __init__(self, store: Store, settings: Mapping[str, str]) -> None:
        self.dsn = store.fresh_database()
        super().__init__(
            Path(tempfile.mkdtemp(prefix="installation-", dir=store.folder)),
            {**SETTINGS, "FINCORE_EVENTSTORE_DSN": self.dsn, **settings},
        )
        self._store = store
        merchant = self.new_merchant("Bench")
        self.merchant_id = MerchantId(merchant.merchant_id)
        self.secret_key = merchant.api_key

    def start_role(self, role: Role, *, name: str | None = None, program: Sequence[str] = FINCORE) -> int:
        """Start a role and wait until it answers; return its API port (of use for the role `api`)."""
        if name is not None:
            self.add_program(name, role)
        self.launch(name or role, program=program)
        self.until_ready(name or role)
        return self.api_port(name or role)

    def start_slow_sandbox(self, *, p50_ms: float, p99_ms: float) -> None:
        """Start the PSP sandbox with its log-normal latency."""
        self.start_sandbox(
            "--log-level=warning",
            f"--webhook-events={WEBHOOK_EVENTS}",
            f"--latency-p50-ms={p50_ms}",
            f"--latency-p99-ms={p99_ms}",
        )

    def cpu_meter(self) -> CpuMeter:
        """Measures PostgreSQL and every process of the installation from now on."""
        sandbox = {} if self._sandbox is None else {"PSP sandbox": [self._sandbox.pid]}
        return CpuMeter(
            {name: [process.pid] for name, process in self.processes.items()}
            | sandbox
            | {"PostgreSQL": [self._store.pid]}
        )


@contextmanager
def installation(store: Store, **settings: str) -> Iterator[Installation]:
    """An installation with processes that end with the block; `settings` by their names in the environment."""
    one = Installation(store, settings)
    try:
        yield one
    finally:
        one.stop()
