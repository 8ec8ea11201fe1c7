"""All PSPs of a simulation, and what the world asks of all of them at once."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from fincore.domain.clock import Clock
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.psp.port import AuthorizeRequest, CancelRequest, CaptureRequest
from fixtures.routes import ADYEN, EUROPE
from simulation.orders_model import OrdersModel
from simulation.psp_model import Fault, Nature, PspEvent, PspModel
from simulation.psp_records import Payment


class OtherIntents(PspModel):
    """A PSP like the first, under another name."""

    name: PspName = ADYEN
    account: PspAccount = EUROPE


class Psps:
    """One PSP with intents and one with orders; with `three`, another one with intents."""

    def __init__(self, clock: Clock, nature: Nature, *, three: bool = False) -> None:
        self.nature = nature
        self.intents = PspModel(clock, nature)
        self.orders = OrdersModel(clock, nature)
        others = (OtherIntents(clock, nature),) if three else ()
        self.all: tuple[PspModel, ...] = (self.intents, self.orders, *others)
        self.by_name = {psp.name: psp for psp in self.all}

    @property
    def accounts(self) -> tuple[ConfiguredAccount, ...]:
        """The accounts that charges go to, one at each PSP."""
        return tuple(
            ConfiguredAccount(
                psp=psp.name, name=psp.account, livemode=False, is_default=True, limits=psp.limits
            )
            for psp in self.all
        )

    @property
    def payments(self) -> dict[PspReference, Payment]:
        return {reference: payment for psp in self.all for reference, payment in psp.payments.items()}

    @property
    def complaints(self) -> list[str]:
        return [complaint for psp in self.all for complaint in psp.complaints]

    @property
    def told(self) -> list[PspEvent]:
        return [event for psp in self.all for event in psp.told]

    @property
    def tells(self) -> bool:
        """Whether every webhook arrives in the end."""
        return self.nature != "silent"

    @property
    def next_at(self) -> datetime | None:
        """When something happens at one of them by itself; None if nothing will."""
        return min((psp.next_at for psp in self.all if psp.next_at is not None), default=None)

    def tick(self) -> None:
        for psp in self.all:
            psp.tick()

    def comes_back(self) -> None:
        """Answer every call, without a fault."""
        for psp in self.all:
            psp.comes_back()

    def fail_next(self, faults: Sequence[Fault]) -> None:
        """What goes wrong with the next calls of each."""
        for psp in self.all:
            psp.faults = deque(faults)

    def was_asked_to_take(self, charge_id: ChargeId) -> bool:
        return any(psp.was_asked_to_take(charge_id) for psp in self.all)

    def authorizations_asked(self, charge_id: ChargeId) -> list[AuthorizeRequest]:
        return [request for psp in self.all for request in psp.authorizations_asked(charge_id)]

    def captures_asked(self, charge_id: ChargeId) -> list[int]:
        return [minor for psp in self.all for minor in psp.captures_asked(charge_id)]

    def times_refused(self, charge_id: ChargeId, request: type[CaptureRequest | CancelRequest]) -> int:
        return sum(psp.times_refused(charge_id, request) for psp in self.all)
