"""Whether FinCore, the PSP and the ledger agree on the same money."""

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from demo import money
from demo.sale import Charge, is_blocked

_PAYPAL_TAKEN: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
_PAYPAL_REFUND_STATUSES: Final = MappingProxyType(
    {"COMPLETED": "succeeded", "PENDING": "pending", "FAILED": "failed", "CANCELLED": "failed"}
)


class Comparison(NamedTuple):
    """Objects of one kind on both sides, by what tells them apart, with all that has to agree."""

    kind: str
    here: dict[str, tuple[object, ...]]
    there: dict[str, tuple[object, ...]]
    agreed: str

    def differences(self) -> Iterator[str]:
        """What one side says and the other does not."""
        for name in sorted(self.here.keys() | self.there.keys()):
            here, there = self.here.get(name), self.there.get(name)
            if here != there:
                yield f"{self.kind} {name}: FinCore says {here}, the PSP {there}"


def compare(charges: Sequence[Charge], sandbox_url: str) -> tuple[Comparison, ...]:
    """FinCore's charges, refunds and disputes beside what the PSP sandbox has, at Stripe and at PayPal."""
    refunds, disputes = (_rows(sandbox_url, kind) for kind in ("refunds", "disputes"))
    return (
        Comparison(
            kind="payments",
            here={
                charge["id"]: (
                    charge["currency"],
                    charge["amount_captured_minor"],
                    charge["amount_refunded_minor"],
                    _held_minor(charge),
                )
                for charge in charges
                if not is_blocked(charge)
            },
            there=dict(_payments(sandbox_url)),
            agreed="each once, with the same amounts held, taken and given back",
        ),
        Comparison(
            kind="refunds",
            here={
                refund["psp_reference"]: (refund["amount_minor"], refund["status"])
                for charge in charges
                for refund in charge["refunds"]
            },
            there={row["id"]: (row["amount"], row["status"]) for row in refunds}
            | {
                row["id"]: (row["amount_minor"], _PAYPAL_REFUND_STATUSES[row["status"]])
                for row in _rows(sandbox_url, "paypal/refunds")
            },
            agreed="each once, with the same amount and end",
        ),
        Comparison(
            kind="disputes",
            here={
                dispute["psp_reference"]: (dispute["amount_minor"], dispute["status"])
                for charge in charges
                for dispute in charge["disputes"]
            },
            there={row["id"]: (row["amount"], row["status"]) for row in disputes},
            agreed="each with the same amount and verdict",
        ),
    )


def charged_twice(sandbox_url: str) -> int:
    """How many charges have more than one payment at the PSPs that took money or holds it."""
    found = Counter(
        charge_id
        for charge_id, payment in _payments(sandbox_url)
        if payment.taken_minor or payment.held_minor
    )
    return sum(count > 1 for count in found.values())


class _Payment(NamedTuple):
    """A payment at a PSP, in the order in which a charge's amounts are compared with it."""

    currency: str
    taken_minor: int
    refunded_minor: int
    held_minor: int


def _payments(sandbox_url: str) -> Iterator[tuple[str, _Payment]]:
    """Every payment at both PSPs, with the charge that it names."""
    for row in _rows(sandbox_url, "payment_intents"):
        amounts = (row["amount_received"], row["amount_refunded"], row["amount_capturable"])
        yield row["metadata"]["fincore_charge_id"], _Payment(row["currency"], *amounts)
    for row in _rows(sandbox_url, "checkout_sessions"):
        # A page on which no customer has tried to pay has no payment intent, and took nothing.
        if row["payment_intent"] is None:
            yield row["client_reference_id"], _Payment(row["currency"], 0, 0, 0)
    captures, holds = (_rows(sandbox_url, f"paypal/{kind}") for kind in ("captures", "authorizations"))
    for order in _rows(sandbox_url, "paypal/orders"):
        taken = [row for row in captures if row["order_id"] == order["id"] and row["status"] in _PAYPAL_TAKEN]
        held = [row for row in holds if row["order_id"] == order["id"] and row["status"] == "CREATED"]
        yield (
            order["custom_id"],
            _Payment(
                order["currency"].lower(),
                sum(row["amount_minor"] for row in taken),
                sum(row["refunded_minor"] for row in taken),
                sum(row["amount_minor"] for row in held),
            ),
        )


def owed_to_merchant(charges: Sequence[Charge]) -> dict[str, str]:
    """By currency, what the merchant has to get: taken, less what was given back and what disputes cost."""
    owed: Counter[str] = Counter()
    for charge in charges:
        owed[charge["currency"]] += charge["amount_captured_minor"] - charge["amount_refunded_minor"]
        for dispute in charge["disputes"]:
            kept_minor = dispute["amount_withdrawn_minor"] - dispute["amount_reinstated_minor"]
            owed[dispute["movements_currency"]] -= kept_minor + dispute["fee_minor"]
    return {currency: money.amount(minor, currency) for currency, minor in owed.items() if minor}


def unbooked(books: str, charges: Sequence[Charge]) -> list[str]:
    """What the trial balance does not say the way the charges do."""
    lines = [line.split() for line in books.splitlines()]
    booked = {
        words[0].rpartition(":")[2]: " ".join(words[-2:])
        for words in lines
        if words and ":payable:" in words[0]
    }
    return [
        f"the books owe the shop {booked.get(currency, 'nothing')}, its payments come to {amount}"
        for currency, amount in owed_to_merchant(charges).items()
        if booked.get(currency) != amount
    ]


def _held_minor(charge: Charge) -> int:
    return int(charge["amount_authorized_minor"]) if charge["status"] == "authorized" else 0


def _rows(sandbox_url: str, kind: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox_url}/sandbox/{kind}", timeout=10) as answer:  # noqa: S310 -- our own sandbox
        rows: list[dict[str, Any]] = json.load(answer)["data"]
    return rows
