"""Each label of a metric has a bound on its values: no merchant, customer or stranger can make series without end."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

from prometheus_client.metrics import MetricWrapperBase

SOURCE: Final = Path(__file__).parents[3] / "src"

WORDS: Final = "words of FinCore"
CONFIGURED: Final = "what the operator's settings name"
STAFF: Final = "what staff declare, a row at a time"
LIMITED: Final = (
    "the first of a bounded number; all others count as `other` (tests/unit/worker/test_outcome_counts.py)"
)

BOUNDS: Final = {
    "access": WORDS,
    "account": "accounts of the ledger: a kind, an account at a PSP and a currency",
    "action": WORDS,
    "age": WORDS,
    "bin": LIMITED,
    "blocked": WORDS,
    "brand": LIMITED,
    "certificate": WORDS,
    "channel": WORDS,
    "class": WORDS,
    "consumer": WORDS,
    "country": LIMITED,
    "currency": "currencies of ISO 4217",
    "days": WORDS,
    "decision": WORDS,
    "directive": "directives of CSP that browsers know; all others count as `other`",
    "finding": WORDS,
    "how": WORDS,
    "key": "kinds of keys",
    "kind": WORDS,
    "law": "invariants",
    "live_decision": WORDS,
    "method": "methods of declared routes",
    "mode": WORDS,
    "operation": WORDS,
    "outcome": WORDS,
    "psp": "PSPs of this version",
    "psp_account": CONFIGURED,
    "purpose": WORDS,
    "reason": WORDS,
    "result": WORDS,
    "route": "declared routes, with the names of their parameters",
    "rule": STAFF,
    "scope": WORDS,
    "server": WORDS,
    "sink": CONFIGURED,
    "source": CONFIGURED,
    "state": WORDS,
    "status": WORDS,
    "step": WORDS,
    "store": WORDS,
    "version": STAFF,
    "way": WORDS,
    "what": WORDS,
}
"""Label -> what its values are."""


def labels() -> Iterator[str]:
    """Those of every metric."""
    for path in sorted((SOURCE / "fincore").rglob("metrics.py")):
        module = import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts))
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                yield from metric._labelnames


def test_each_label_of_a_metric_says_what_bounds_its_values() -> None:
    """A new label needs a row, and a test where its values come from outside."""
    assert sorted(set(labels())) == sorted(BOUNDS)
