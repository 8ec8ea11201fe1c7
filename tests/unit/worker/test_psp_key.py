"""The idempotency key under which a PSP is called."""

from fincore.domain.ids import ChargeId, RefundId, new_charge_id, new_refund_id
from fincore.write.worker.policies.psp_key import psp_key, refund_key


def test_a_key_is_a_function_of_charge_operation_and_number() -> None:
    assert psp_key(ChargeId("ch_1"), "authorize", number=1) == "ch_1:authorize:1"
    assert psp_key(ChargeId("ch_1"), "capture", number=2) == "ch_1:capture:2"


def test_refund_key_is_derived_from_its_id_alone() -> None:
    assert refund_key(RefundId("re_1")) == "re_1:refund"


def test_a_key_is_short_and_printable_as_psps_demand() -> None:
    for key in (psp_key(new_charge_id(), "authorize", number=999), refund_key(new_refund_id())):
        assert len(key) <= 64
        assert key.isascii()
        assert key.isprintable()
