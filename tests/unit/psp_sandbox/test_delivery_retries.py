"""When a webhook that was not taken is tried again."""

from psp_sandbox.delivery import Retries


def test_waits_double_up_to_their_bound() -> None:
    retries = Retries()
    assert [retries.wait(made) for made in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert retries.wait(10_000) == 60
    assert retries.max_attempts == 15
