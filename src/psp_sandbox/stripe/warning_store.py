"""The early fraud warnings that the simulated Stripe knows, of every account."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from psp_sandbox.bounded_store import BoundedStore
from psp_sandbox.children import Children
from psp_sandbox.stripe import warning_machine
from psp_sandbox.stripe.machine import NewEvent
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute, EarlyFraudWarning


class WarningStore:
    """Warnings by id and by charge. Past `max_rows` the oldest is dropped."""

    def __init__(self, *, max_rows: int) -> None:
        self._rows: BoundedStore[EarlyFraudWarning] = BoundedStore(max_rows=max_rows)
        self._of_charge = Children(self._rows, parent=attrgetter("charge"))

    def put(self, account: str, warning: EarlyFraudWarning) -> None:
        """A new warning, or a newer snapshot of one."""
        self._of_charge.put(account, warning)

    def get(self, account: str, warning_id: str) -> EarlyFraudWarning | None:
        """One warning of an account."""
        return self._rows.get(account, warning_id)

    def newest_first(self, account: str) -> Iterable[EarlyFraudWarning]:
        """All warnings of an account."""
        return self._rows.newest_first(account)

    def follow(self, account: str, charge: Charge, disputes: Sequence[Dispute]) -> list[NewEvent]:
        """A refund or a dispute of the charge moved: store what that changes of its warnings, and return the events to emit."""
        events: list[NewEvent] = []
        for warning in self._of_charge.of(account, charge.id):
            after = warning_machine.follow(warning, charge, disputes)
            if after != warning:
                self._of_charge.put(account, after)
                before = {"actionable": warning.actionable}
                events.append(NewEvent("radar.early_fraud_warning.updated", after, before))
        return events

    def drop(self, account: str, charge_id: str) -> None:
        """The charge is gone."""
        self._of_charge.drop(account, charge_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._rows.clear()
        self._of_charge.clear()
