"""What the demo over AWS says of a stream of events, and where its emulator is not installed."""

import importlib.util
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from demo.aws import emulator
from demo.aws.look import broken_streams
from harness.failure import InstallationFailed

from fincore.relay.stream_record import Relayed

A, B = uuid4(), uuid4()


def record(stream: UUID, first: int, last: int) -> Relayed:
    return Relayed(form=1, stream_id=stream, first_version=first, last_version=last, tx=1, pos=1, events=None)


@pytest.mark.parametrize(
    ("records", "wanted"),
    [
        ([(A, 1, 1), (B, 1, 2), (A, 2, 4)], set()),
        ([(A, 1, 2), (A, 1, 2), (A, 2, 3)], set()),
        ([(A, 1, 1), (A, 3, 3)], {A}),
        ([(A, 2, 2)], {A}),
        ([(A, 1, 1), (A, 3, 3), (A, 2, 2), (B, 2, 2), (B, 1, 1)], {A, B}),
    ],
    ids=["in order", "repeated", "gap", "no beginning", "another order"],
)
def test_streams_with_a_gap_or_another_order_are_found(
    records: list[tuple[UUID, int, int]], wanted: set[UUID]
) -> None:
    assert broken_streams([record(*one) for one in records]) == wanted


def test_emulator_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emulator, "find_spec", lambda _: None)
    assert importlib.util.find_spec("ministack") is not None
    with pytest.raises(InstallationFailed, match=r"^The emulator of AWS is not installed\. .*\.venv/dev$"):
        emulator.Emulator(tmp_path / "log")
