"""A load as Locust's documentation has it: a user that waits for each answer, at a constant rate. It stands beside the open model in a test."""

import json
import os
import time
from pathlib import Path

from locust import FastHttpUser, constant_throughput, events, task

SECONDS: list[float] = []


class Shopper(FastHttpUser):
    """Offers charges one after the other."""

    host = os.environ["CLOSED_URL"]
    wait_time = constant_throughput(40)

    @task
    def charge(self) -> None:
        """One charge, timed from its sending."""
        sent = time.perf_counter()
        self.client.post(
            "/v1/charges",
            json={"amount_minor": 1000, "currency": "usd", "payment_method": "pm_card_visa"},
            headers={
                "Authorization": f"Bearer {os.environ['CLOSED_KEY']}",
                "Idempotency-Key": f"closed-{len(SECONDS)}",
            },
        )
        SECONDS.append(time.perf_counter() - sent)


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def _write(**_: object) -> None:
    Path(os.environ["CLOSED_OUT"]).write_text(json.dumps(SECONDS))
