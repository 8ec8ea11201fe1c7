"""`python -m demo`: start everything, take payments, live their lives, settle the day, compare all the books, and say how to go on."""

import asyncio
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from harness.failure import InstallationFailed

from demo import agreement
from demo.folder import fresh_folder
from demo.open_shop import open_shop
from demo.payments import (
    AWAY,
    FAILOVER_PAYMENTS,
    LONGER_PAYMENTS,
    PAYMENTS,
    PAYPAL_PAYMENTS,
    Payment,
)
from demo.processes import DemoFailed, Processes
from demo.receiver import Receiver
from demo.risk import RiskScenes
from demo.sale import Charge, Sale
from demo.screen import Screen
from demo.settlement import SettlementScenes
from demo.till import Till

PATIENCE_SECONDS: Final = 60.0
"""How long the books and the webhooks may take to catch up with the payments."""
LOOK_SECONDS: Final = 0.2
_TABLE_END: Final = "\n\n"


def main() -> int:
    """Run the demo; 0 when every payment ended as expected, all who know of it agree, and every invariant holds."""
    # Both end the demo alike, and with it all that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
    merchant_id = processes.printed("merchant", "create", "Demo Shop")
    api_key = processes.printed("key", "create", merchant_id, "--name", "demo")
    till = Till(processes, api_key)
    receiver.secret = asyncio.run(till.register(receiver.url))
    screen.text(
        f"ready after {time.monotonic() - started:.1f} s; merchant {merchant_id}, logs in {processes.folder / 'logs'}"
    )

    screen.heading(f"{len(PAYMENTS)} payments over HTTP, at a PSP that answers in 120 ms (median)")
    sales = _sold(screen, till, PAYMENTS)
    screen.heading(
        f"{len(LONGER_PAYMENTS)} more, and what came of them: 3-D Secure, captures, refunds, disputes"
    )
    sales += _sold(screen, till, LONGER_PAYMENTS)
    screen.heading(f"{len(PAYPAL_PAYMENTS)} with PayPal, each approved on its page or not")
    sales += _sold(screen, till, PAYPAL_PAYMENTS)
    screen.heading(
        f"{len(FAILOVER_PAYMENTS)} while Stripe's account {AWAY} refuses connections: each goes on to the account test"
    )
    processes.refuse_connections()
    sales += _sold(screen, till, FAILOVER_PAYMENTS)
    screen.text(f"\n{processes.printed('psp', 'accounts').partition(_TABLE_END)[0]}")
    sold = partial(_sold, screen, till)
    sales += RiskScenes(screen, processes, till, sold, merchant_id).play()
    settlement = SettlementScenes(screen, processes, till, sold)
    sales += settlement.play(sales)
    asyncio.run(till.look(sales))
    charges = [sale.charge for sale in sales if sale.charge]
    wrong = [sale.surprise for sale in sales if sale.surprise] + settlement.wrong

    screen.heading("What the shop was told by webhook")
    wrong += _webhooks(screen, till, receiver, charges)
    screen.heading("The books")
    wrong += _books(screen, processes, charges)
    screen.heading("What the PSPs say, Stripe and PayPal")
    wrong += _psp(screen, processes, charges)
    screen.heading("The invariants")
    checked = processes.fincore("check")
    screen.prose(checked.stdout + checked.stderr)
    if wrong:
        screen.heading("What is wrong")
        screen.prose("\n".join(wrong))
    screen.heading("Your turn")
    screen.text(_next_steps(processes, api_key, charges[0]["id"]))
    screen.text(_dashboard(processes))
    if sys.stdin.isatty() and sys.stdout.isatty():
        _serve(screen, processes, receiver, merchant_id, api_key)
    return 1 if wrong or checked.code else 0


def _sold(screen: Screen, till: Till, payments: tuple[Payment, ...]) -> list[Sale]:
    sales = [Sale(payment) for payment in payments]
    screen.begin(sales)
    try:
        asyncio.run(till.sell(sales, lambda: screen.show(sales)))
    finally:
        screen.end(sales)
    return sales


def _webhooks(screen: Screen, till: Till, receiver: Receiver, charges: list[Charge]) -> list[str]:
    """Show what arrived, once every event was listed and told; what is wrong with it."""
    happened = {entry["id"] for charge in charges for entry in charge["timeline"]}
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        listed, told = asyncio.run(till.event_ids()), receiver.event_ids
        if listed == told == happened or time.monotonic() > until:
            break
        time.sleep(LOOK_SECONDS)
    screen.prose(
        f"{receiver.received} received at {receiver.url}, {receiver.verified} signatures verified, "
        f"{receiver.repeated} repeated; {len(told)} of {len(happened)} events told"
    )
    screen.prose(", ".join(f"{count} {name}" for name, count in receiver.types.most_common()))
    wrong = []
    if told != happened:
        wrong.append(
            f"{len(happened - told)} events were never told by webhook, {len(told - happened)} are none"
        )
    if listed != happened:
        wrong.append(
            f"{len(happened ^ listed)} events are in charges and not in the list of events, or vice versa"
        )
    if receiver.verified != receiver.received:
        wrong.append(f"{receiver.received - receiver.verified} webhooks had a signature that does not verify")
    return wrong


def _books(screen: Screen, processes: Processes, charges: list[Charge]) -> list[str]:
    """Show the trial balance, once the ledger has booked everything; what is wrong with it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        books = processes.printed("ledger", "trial-balance")
        wrong = agreement.unbooked(books, charges)
        if not wrong or time.monotonic() > until:
            screen.text(books)
            return wrong
        time.sleep(LOOK_SECONDS)


def _psp(screen: Screen, processes: Processes, charges: list[Charge]) -> list[str]:
    """Show what FinCore and the PSP have of each kind; what they disagree about."""
    comparisons = agreement.compare(charges, processes.sandbox.url)
    twice = agreement.charged_twice(processes.sandbox.url)
    differences = {compared.kind: list(compared.differences()) for compared in comparisons}
    screen.rows(
        ("", "here", "there", ""),
        [
            (
                compared.kind,
                str(len(compared.here)),
                str(len(compared.there)),
                f"{len(differences[compared.kind])} DIFFER"
                if differences[compared.kind]
                else compared.agreed,
            )
            for compared in comparisons
        ],
    )
    screen.text(f"{twice} charged twice")
    wrong = [difference for found in differences.values() for difference in found]
    return [*wrong, f"{twice} charges were paid twice"] if twice else wrong


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
