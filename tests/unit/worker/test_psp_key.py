"""The idempotency key under which a PSP is called."""

from fincore.domain.ids import ChargeId, new_charge_id
from fincore.write.worker.psp_key import psp_key


def test_a_key_is_a_function_of_charge_operation_and_attempt() -> None:
    assert psp_key(ChargeId("ch_1"), "authorize", attempt=1) == "ch_1:authorize:1"
    assert psp_key(ChargeId("ch_1"), "authorize", attempt=2) == "ch_1:authorize:2"


def test_a_key_is_short_and_printable_as_psps_demand() -> None:
    key = psp_key(new_charge_id(), "authorize", attempt=999)
    assert len(key) <= 64
    assert key.isascii()
    assert key.isprintable()
