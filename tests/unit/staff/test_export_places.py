"""Places of exports: as many as there are, each given back once, also where the reader goes before the end."""

from collections.abc import AsyncGenerator

from fincore.staff.exports.places import BEGIN_SECONDS_MAX, EXPORTS_MAX, Place, Places


async def rows() -> AsyncGenerator[int, None]:
    for number in range(3):
        yield number


def taken(places: Places) -> Place:
    place = places.take()
    assert place is not None
    return place


async def test_export_beyond_the_bound_gets_no_place() -> None:
    places = Places()
    held = [taken(places) for _ in range(EXPORTS_MAX)]
    assert places.take() is None
    assert [row async for row in held[0].held_by(rows())] == [0, 1, 2]
    assert places.take() is not None
    assert places.take() is None


async def test_reader_that_goes_gives_its_place_back() -> None:
    places = Places()
    place, *_ = [taken(places) for _ in range(EXPORTS_MAX)]
    reading = place.held_by(rows())
    assert await anext(reading) == 0
    assert places.take() is None
    await reading.aclose()
    assert places.take() is not None


async def test_place_that_no_reader_begins_is_free_again() -> None:
    now = 0.0
    places = Places(lambda: now)
    begun, *_ = [taken(places) for _ in range(EXPORTS_MAX)]
    reading = begun.held_by(rows())
    await anext(reading)
    now = BEGIN_SECONDS_MAX
    assert [places.take() is not None for _ in range(EXPORTS_MAX)] == [True] * (EXPORTS_MAX - 1) + [False]
    await reading.aclose()
