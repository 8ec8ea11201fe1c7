"""Places of requests: in all, of one merchant, of test mode; who waits takes none of those at work."""

import pytest

from fincore.domain.errors import Overloaded
from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.http.gate import Gate, Place
from fincore.write.merchants.api_key import Principal


def principal(name: str, *, livemode: bool = True) -> Principal:
    return Principal(
        merchant_id=MerchantId(name), key_id=ApiKeyId(f"key_{name}"), kind="secret", livemode=livemode
    )


def admitted(gate: Gate, who: Principal, count: int) -> list[Place]:
    """As many places of a merchant as it gets, of some that it asks for."""
    places: list[Place] = []
    while len(places) < count and not gate.working.is_full:
        place = gate.enter()
        if not place.claim(who):
            place.leave()
            break
        places.append(place)
    return places


def test_one_request_too_many_is_refused() -> None:
    gate = Gate(in_flight_max=2, waiting_max=0)
    first = gate.enter()
    gate.enter()
    with pytest.raises(Overloaded):
        gate.enter()
    first.leave()
    gate.enter()


def test_one_merchant_leaves_half_of_the_places_to_others() -> None:
    gate = Gate(in_flight_max=16, waiting_max=0)
    assert len(admitted(gate, principal("a"), 16)) == 8
    assert len(admitted(gate, principal("b"), 16)) == 8


def test_test_mode_leaves_half_of_the_places_to_live_mode() -> None:
    gate = Gate(in_flight_max=16, waiting_max=0)
    taken = [len(admitted(gate, principal(name, livemode=False), 16)) for name in "abc"]
    assert taken == [4, 4, 0]
    assert len(admitted(gate, principal("a"), 16)) == 8


def test_a_small_gate_still_lets_each_merchant_in() -> None:
    gate = Gate(in_flight_max=1, waiting_max=1)
    (place,) = admitted(gate, principal("a", livemode=False), 1)
    assert place.wait()
    assert len(admitted(gate, principal("b", livemode=False), 1)) == 1


def test_a_request_that_waits_frees_its_place_at_work() -> None:
    gate = Gate(in_flight_max=4, waiting_max=100)
    for _ in range(50):
        (place,) = admitted(gate, principal("a"), 1)
        assert place.wait()
        assert place.wait()
    assert (gate.working.taken, gate.waiting.taken) == (0, 50)
    (place,) = admitted(gate, principal("a"), 1)
    assert not place.wait(), "one merchant may take half of the places to wait"
    (other,) = admitted(gate, principal("b"), 1)
    assert other.wait()
    assert gate.working.taken == 1


def test_gate_returns_to_initial_state_after_all_leave() -> None:
    gate = Gate(in_flight_max=8, waiting_max=8)
    places = [
        place
        for name in "abcd"
        for livemode in (True, False)
        for place in admitted(gate, principal(name, livemode=livemode), 1)
    ]
    for place in places[::2]:
        place.wait()
    unnamed = gate.enter()
    for place in (*places, unnamed):
        place.leave()
    for room in (gate.working, gate.waiting):
        assert vars(room) == vars(type(room)(8))
