"""Reserved ports are free for the program that is to listen there, and for no other."""

import socket
from collections.abc import Iterator

import pytest
from harness.ports import Ports


@pytest.fixture
def ports() -> Iterator[Ports]:
    taken = Ports()
    yield taken
    taken.release()


def test_reserved_port_can_be_listened_on(ports: Ports) -> None:
    port = ports.take()
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


def test_reserved_ports_are_a_row_that_nothing_else_gets(ports: Ports) -> None:
    first = ports.take(5)
    others = {ports.take() for _ in range(20)}
    assert others.isdisjoint(range(first, first + 5))


def test_wanted_port_in_use_gives_the_next_free_one(ports: Ports) -> None:
    wanted = ports.take()
    with socket.create_server(("127.0.0.1", wanted)):
        assert ports.take(wanted=wanted) > wanted


def test_row_that_ends_above_the_last_port_is_not_found(ports: Ports) -> None:
    with pytest.raises(OSError, match="no 3 free ports in a row"):
        ports.take(3, wanted=65_535)


def test_released_port_can_be_taken_by_any_program(ports: Ports) -> None:
    port = ports.take()
    ports.release()
    with socket.socket() as any_program:
        any_program.bind(("127.0.0.1", port))


def test_reserved_row_is_given_to_no_other_installation(ports: Ports) -> None:
    first = ports.take(5)
    other = Ports()
    try:
        for wanted in range(first, first + 5):
            assert other.take(2, wanted=wanted) not in range(first - 1, first + 5)
    finally:
        other.release()
