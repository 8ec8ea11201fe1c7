"""The scenes of the demo: payments and their lives, a settled day, and the comparison of all the books."""

import asyncio
import time
from functools import partial
from typing import Final, NamedTuple

from demo import agreement
from demo.payments import (
    AWAY,
    FAILOVER_PAYMENTS,
    LONGER_PAYMENTS,
    PAYMENTS,
    PAYPAL_PAYMENTS,
    Payment,
)
from demo.processes import Processes
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


class Shop(NamedTuple):
    """The merchant of the demo, and its till."""

    merchant_id: str
    api_key: str
    till: Till


class Played(NamedTuple):
    """What the scenes left: the charges, every event that the shop was told of, and what is wrong, in sentences."""

    charges: list[Charge]
    event_ids: frozenset[str]
    wrong: list[str]


def open_account(processes: Processes, receiver: Receiver) -> Shop:
    """Make the merchant and its key, and register where its webhooks go."""
    merchant_id = processes.printed("merchant", "create", "Demo Shop")
    api_key = processes.printed("key", "create", merchant_id, "--name", "demo")
    till = Till(processes, api_key)
    receiver.secret = asyncio.run(till.register(receiver.url))
    return Shop(merchant_id, api_key, till)


def play(screen: Screen, processes: Processes, receiver: Receiver, shop: Shop) -> Played:
    """Play every scene."""
    till = shop.till
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
    sales += RiskScenes(screen, processes, till, sold, shop.merchant_id).play()
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
    return Played(charges, receiver.event_ids, wrong)


def invariants_hold(screen: Screen, processes: Processes) -> bool:
    """Check the invariants, and show what that says."""
    screen.heading("The invariants")
    checked = processes.fincore("check")
    screen.prose(checked.stdout + checked.stderr)
    return not checked.code


def show_flaws(screen: Screen, wrong: list[str]) -> None:
    """Say what is wrong, if anything is."""
    if wrong:
        screen.heading("What is wrong")
        screen.prose("\n".join(wrong))


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
