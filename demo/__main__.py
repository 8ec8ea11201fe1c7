"""`python -m demo`: start everything, take payments, show them, the books and the laws, and how to go on."""

import asyncio
import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from demo.folder import fresh_folder
from demo.payments import PAYMENTS
from demo.processes import DemoFailed, Processes
from demo.screen import Screen
from demo.till import Sale, Till, wait_until_ready

BOOKS_TIMEOUT_SECONDS: Final = 30.0


def main() -> int:
    """Run the demo; 0 when every payment ended as expected and every law holds."""
    screen = Screen()
    try:
        with fresh_folder(Path("var").resolve()) as folder:
            processes = Processes(folder)
            try:
                return _story(screen, processes)
            finally:
                screen.text("stopping")
                processes.stop()
    except DemoFailed as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _story(screen: Screen, processes: Processes) -> int:
    started = time.monotonic()
    screen.heading("Starting PostgreSQL, the PSP sandbox and FinCore's roles")
    processes.start()
    asyncio.run(wait_until_ready(processes))
    merchant_id = _output_of(processes, "merchant", "create", "Demo Shop")
    api_key = _output_of(processes, "key", "create", merchant_id, "--name", "demo")
    screen.text(
        f"ready after {time.monotonic() - started:.1f} s; merchant {merchant_id}, logs in {processes.folder}"
    )

    screen.heading(f"{len(PAYMENTS)} payments over HTTP, at a PSP that answers in 120 ms (median)")
    sales = [Sale(payment) for payment in PAYMENTS]
    screen.begin(sales)
    try:
        asyncio.run(Till(processes, api_key).sell(sales, lambda: screen.show(sales)))
    finally:
        screen.end(sales)
    surprises = [sale for sale in sales if sale.charge and sale.charge["status"] != sale.payment.expected]
    for sale in surprises:
        screen.text(f"unexpected: {sale.payment.title} should have ended as {sale.payment.expected}")

    screen.heading("The books")
    screen.text(_books(processes, sales))
    screen.heading("What the PSP says")
    screen.text(_at_the_psp(processes, sales))
    screen.heading("The laws")
    broken, verdict = processes.fincore("check")
    screen.text(verdict)
    screen.heading("Your turn")
    screen.text(_next_payment(processes, api_key))
    if sys.stdin.isatty() and sys.stdout.isatty():
        screen.text("\nserving until Ctrl-C")
        while True:
            processes.check_alive()
            time.sleep(1)
    return 1 if surprises or broken else 0


def _output_of(processes: Processes, *arguments: str) -> str:
    code, output = processes.fincore(*arguments)
    if code:
        raise DemoFailed(f"`fincore {' '.join(arguments)}` failed: {output}")
    return output


def _books(processes: Processes, sales: list[Sale]) -> str:
    """The trial balance, once the ledger has booked every captured payment."""
    until = time.monotonic() + BOOKS_TIMEOUT_SECONDS
    currencies = {
        sale.payment.currency for sale in sales if sale.charge and sale.charge["status"] == "succeeded"
    }
    while True:
        books = _output_of(processes, "ledger", "trial-balance")
        if all(f":clearing:{currency}" in books for currency in currencies) or time.monotonic() > until:
            return books
        time.sleep(0.2)


def _at_the_psp(processes: Processes, sales: list[Sale]) -> str:
    url = f"{processes.sandbox_url}/sandbox/state?metadata_key=fincore_charge_id"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own sandbox
        state: dict[str, Any] = json.load(answer)
    paid = {charge: entry for charge, entry in state["by_metadata"].items() if entry["succeeded"]}
    succeeded = [sale for sale in sales if sale.charge and sale.charge["status"] == "succeeded"]
    twice = sum(entry["succeeded"] > 1 for entry in paid.values())
    return f"{len(paid)} payments succeeded there, {len(succeeded)} here; {twice} charged twice"


def _next_payment(processes: Processes, api_key: str) -> str:
    return f"""\
curl {processes.api_url}/v1/charges \\
  -H 'Authorization: Bearer {api_key}' \\
  -H "Idempotency-Key: $(date +%s%N)" \\
  -H 'Content-Type: application/json' \\
  -H 'Prefer: wait=5' \\
  -d '{{"amount_minor": 2000, "currency": "usd", "payment_method": "pm_card_visa"}}'

API documentation: {processes.api_url}/docs
Books:             {processes.command_line("ledger", "trial-balance")}"""


if __name__ == "__main__":
    sys.exit(main())
