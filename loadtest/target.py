"""What a run loads and what it may look into: a system of its own, or addresses that it was given."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import psycopg
from bench.progress import Totals
from harness.installation import Finished

from loadtest.comparison import LoggedCharge, Paid, Records, disagreements, paid_at_sandbox
from loadtest.offered import Offered
from loadtest.stored_charges import from_api, from_log

CHECK_TIMEOUT_SECONDS: Final = 300.0
STATE_TIMEOUT_SECONDS: Final = 60.0
CHARGE_ID_KEY: Final = "fincore_charge_id"
LINES_SHOWN: Final = 20


class Target(NamedTuple):
    """`is_own`: nothing else uses the system. `pids` are of processes of this machine; `check` runs `fincore check`."""

    api_url: str
    api_key: str
    dsn: str | None = None
    sandbox_url: str | None = None
    pids: Mapping[str, int] = {}
    check: Callable[[], Finished] | None = None
    is_own: bool = False

    def compared_or_not(self, offered: Offered, totals: Totals | None, *, run_id: str) -> tuple[str, ...]:
        """The same; a comparison that cannot be made is a difference of its own, so that the rest of the report is not lost."""
        try:
            return self.compared(offered, totals, run_id=run_id)
        except (OSError, psycopg.Error, KeyError, ValueError) as error:
            return (f"The charges could not be compared: {error!r}",)

    def compared(self, offered: Offered, totals: Totals | None, *, run_id: str) -> tuple[str, ...]:
        """What the records do not agree on, in sentences.

        In an installation that was given, what others pay is left out: what is compared carries keys of this run.
        """
        stored = (
            from_log(self.dsn, None if self.is_own else run_id)
            if self.dsn
            else from_api(self.api_url, self.api_key, list(offered.accepted))
        )
        charges = stored.charges
        if not self.is_own:
            charges = {
                charge_id: charge
                for charge_id, charge in charges.items()
                if charge_id in offered.accepted or _is_of(charge, run_id)
            }
        at_psp = self._at_psp(stored.refund_charges)
        if at_psp is not None and not self.is_own:
            at_psp = {charge_id: paid for charge_id, paid in at_psp.items() if charge_id in charges}
        return tuple(
            disagreements(
                Records(
                    offered=offered,
                    logged=charges,
                    refunds=stored.refunds,
                    totals=totals if self.is_own else None,
                    at_psp=at_psp,
                )
            )
        )

    def broken_invariants(self) -> tuple[str, ...] | None:
        """What `fincore check` says is broken; None where it cannot be run."""
        if self.check is None:
            return None
        try:
            done = self.check()
        except subprocess.TimeoutExpired:
            return (f"`fincore check` did not end within {CHECK_TIMEOUT_SECONDS:g} s",)
        printed = f"{done.stdout}\n{done.stderr}".strip()
        return tuple(printed.splitlines()[-LINES_SHOWN:]) if done.code else ()

    def webhooks_pending(self) -> int:
        """Webhooks that the sandbox has not delivered yet; 0 where it cannot be asked."""
        try:
            state = {} if self.sandbox_url is None else _asked(f"{self.sandbox_url}/sandbox/state")
        except OSError:
            return 0
        return int(state.get("webhooks", {}).get("pending", 0))

    def _at_psp(self, refund_charges: Mapping[str, str]) -> dict[str, Paid] | None:
        if self.sandbox_url is None:
            return None
        state = _asked(f"{self.sandbox_url}/sandbox/state?metadata_key={CHARGE_ID_KEY}")
        refunds = _asked(f"{self.sandbox_url}/sandbox/refunds")["data"]
        return paid_at_sandbox(state, refunds, refund_charges)


def check_by_dsn(dsn: str) -> Finished:
    """`fincore check` of an installation that was given by its DSN."""
    ran = subprocess.run(
        [sys.executable, "-m", "fincore", "check"],
        env=os.environ | {"FINCORE_EVENTSTORE_DSN": dsn},
        capture_output=True,
        text=True,
        timeout=CHECK_TIMEOUT_SECONDS,
        check=False,
    )
    return Finished(ran.returncode, ran.stdout, ran.stderr)


def _is_of(charge: LoggedCharge, run_id: str) -> bool:
    return charge.load_key is not None and charge.load_key.startswith(f"{run_id}-")


def _asked(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=STATE_TIMEOUT_SECONDS) as response:  # noqa: S310 -- the sandbox
        told: dict[str, Any] = json.load(response)
        return told
