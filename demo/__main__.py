"""`python -m demo`: start everything, take payments, live their lives, settle the day, compare all the books, and say how to go on."""

import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from harness.failure import InstallationFailed

from demo.bound_start import end_with_starter
from demo.folder import fresh_folder
from demo.open_shop import open_shop
from demo.processes import DemoFailed, Processes
from demo.receiver import Receiver
from demo.scenes import invariants_hold, open_account, play, show_flaws
from demo.screen import Screen

LOOK_SECONDS: Final = 0.2


def main() -> int:
    """Run the demo; 0 when every payment ended as expected, all who know of it agree, and every invariant holds."""
    # Both end the demo alike, and with it all that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_with_starter()
    screen, receiver = Screen(), Receiver()
    receiver.start()
    try:
        with fresh_folder(Path("var").resolve()) as folder:
            processes = Processes(folder)
            try:
                return _run(screen, processes, receiver)
            finally:
                screen.text("stopping")
                processes.stop()
    except (DemoFailed, InstallationFailed) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        receiver.stop()


def _run(screen: Screen, processes: Processes, receiver: Receiver) -> int:
    started = time.monotonic()
    screen.heading("Starting PostgreSQL, the PSP sandbox and FinCore's roles")
    processes.start_everything()
    shop = open_account(processes, receiver)
    screen.text(
        f"ready after {time.monotonic() - started:.1f} s; merchant {shop.merchant_id}, logs in {processes.folder / 'logs'}"
    )

    played = play(screen, processes, receiver, shop)
    is_right = invariants_hold(screen, processes) and not played.wrong
    show_flaws(screen, played.wrong)
    screen.heading("Your turn")
    screen.text(_next_steps(processes, shop.api_key, played.charges[0]["id"]))
    screen.text(_dashboard(processes))
    if sys.stdin.isatty() and sys.stdout.isatty():
        _serve(screen, processes, receiver, shop.merchant_id, shop.api_key)
    return 0 if is_right else 1


def _serve(screen: Screen, processes: Processes, receiver: Receiver, merchant_id: str, api_key: str) -> None:
    """Go on until Ctrl-C, with the shop open, showing the webhooks that arrive."""
    with suppress(KeyboardInterrupt):
        shop = open_shop(processes, merchant_id, api_key)
        try:
            screen.text(f"\nThe shop, to pay in three ways: {shop.url}")
            screen.text("serving until Ctrl-C; webhooks to the shop are shown as they come")
            receiver.news()
            while True:
                processes.require_alive("up")
                for line in receiver.news():
                    screen.text(line)
                time.sleep(LOOK_SECONDS)
        finally:
            shop.stop()


def _next_steps(processes: Processes, api_key: str, charge_id: str) -> str:
    return f"""\
curl {processes.api_url()}/v1/charges \\
  -H 'Authorization: Bearer {api_key}' \\
  -H "Idempotency-Key: $(date +%s%N)" \\
  -H 'Content-Type: application/json' \\
  -H 'Prefer: wait=5' \\
  -d '{{"amount_minor": 2000, "currency": "usd", "payment_method": "pm_card_visa"}}'

The coffee was cold, so give its price back:

curl {processes.api_url()}/v1/refunds \\
  -H 'Authorization: Bearer {api_key}' \\
  -H "Idempotency-Key: $(date +%s%N)" \\
  -H 'Content-Type: application/json' \\
  -d '{{"charge": "{charge_id}"}}'

API documentation: {processes.api_url()}/docs
Books:             {processes.command_line("ledger", "trial-balance")}
Breaks:            {processes.command_line("reconcile", "breaks")}
Rules of risk:     {processes.command_line("risk", "show")}"""


def _dashboard(processes: Processes) -> str:
    support = processes.add_person("ada", "Ada", "support", "finance")
    admin = processes.add_person("grace", "Grace", "finance", "admin")
    return f"""\
Dashboard:         {processes.staff_url}
                   as ada (support, finance), once with the password {support}
                   as grace (finance, admin), once with the password {admin}"""


if __name__ == "__main__":
    sys.exit(main())
