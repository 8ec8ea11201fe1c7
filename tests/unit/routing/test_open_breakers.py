"""Which breakers a process that calls no PSP holds to be open, and until when."""

from typing import cast

from fincore.domain.outcome import PspAccount, PspName
from fincore.write.routing.breaker import BreakerState, Counts
from fincore.write.routing.breaker_store import AccountKey, BreakerStore, SharedBreaker
from fincore.write.routing.open_breakers import OpenBreakers

PSP = PspName("stripe")


class Store:
    """What all processes share."""

    def __init__(self, **states: tuple[BreakerState, float]) -> None:
        self.states = states

    async def read(self) -> dict[AccountKey, SharedBreaker]:
        return {
            AccountKey(PSP, PspAccount(name)): SharedBreaker(
                state=state,
                seconds_left=left,
                waits=1,
                openings=1,
                reason="503",
                changed_at=None,
                counts=Counts(),
            )
            for name, (state, left) in self.states.items()
        }


async def test_breaker_is_open_until_its_wait_is_over() -> None:
    """Then a charge has to try the account: if tokens went on elsewhere, nothing would."""
    now = [100.0]
    store = Store(away=("open", 10.0), trying=("half_open", 10.0), well=("closed", 0.0))
    breakers = OpenBreakers(cast("BreakerStore", store), monotonic=lambda: now[0])
    assert not breakers.is_open(PSP, PspAccount("away"))
    await breakers.refresh()
    states = [breakers.is_open(PSP, PspAccount(name)) for name in ("away", "trying", "well", "unknown")]
    assert states == [True, False, False, False]
    now[0] += 10.0
    assert not breakers.is_open(PSP, PspAccount("away"))


async def test_breaker_that_closed_is_open_no_more() -> None:
    store = Store(away=("open", 10.0))
    breakers = OpenBreakers(cast("BreakerStore", store), monotonic=lambda: 100.0)
    await breakers.refresh()
    store.states = {"away": ("closed", 0.0)}
    await breakers.refresh()
    assert not breakers.is_open(PSP, PspAccount("away"))
