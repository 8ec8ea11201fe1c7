"""References replaced by what they refer to, where a request asks for it with `expand[]`."""

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from psp_sandbox.stripe.errors import invalid_request
from psp_sandbox.stripe.store import Store

S = TypeVar("S", bound=msgspec.Struct)

EXPANDABLE: dict[str, frozenset[str]] = {
    "balance_transaction": frozenset({"source"}),
    "charge": frozenset({"balance_transaction"}),
    "checkout.session": frozenset(
        {
            "payment_intent",
            "payment_intent.latest_charge",
            "payment_intent.latest_charge.balance_transaction",
            "payment_intent.payment_method",
        }
    ),
    "dispute": frozenset(),
    "payment_intent": frozenset({"latest_charge", "latest_charge.balance_transaction", "payment_method"}),
    "payout": frozenset({"balance_transaction", "failure_balance_transaction"}),
    "radar.early_fraud_warning": frozenset(),
    "refund": frozenset({"balance_transaction", "failure_balance_transaction"}),
}
"""Which paths can be expanded, by the kind of object they start from."""


def check_expand(kind: str, paths: list[str]) -> None:
    """Raises Refusal: one of the paths cannot be expanded in this kind of object."""
    for path in paths:
        if path not in EXPANDABLE[kind]:
            raise invalid_request(f"This property cannot be expanded ({path[:60]}).", param="expand")


def data_paths(kind: str, paths: list[str]) -> list[str]:
    """The paths of a list of such objects, without the `data.` that they all begin with. Raises Refusal."""
    bare = [path.removeprefix("data.") for path in paths]
    check_expand(kind, bare)
    return bare


def expanded(store: Store, account: str, shown: S, paths: list[str]) -> S:
    """The object with the named references replaced. A reference to a missing object, or null, stays as it is."""
    changes: dict[str, msgspec.Struct] = {}
    for name in {path.partition(".")[0] for path in paths}:
        reference = getattr(shown, name)
        found = store.find(account, reference) if isinstance(reference, str) else None
        if found is not None:
            below = [path.removeprefix(f"{name}.") for path in paths if path.startswith(f"{name}.")]
            changes[name] = expanded(store, account, found, below)
    return replace(shown, **changes) if changes else shown
