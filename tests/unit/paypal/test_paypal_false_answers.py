"""PayPal's objects with one field at a time made a lie: none is read as money that the truth does not show."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import msgspec
import pytest

from fincore.domain.ids import new_charge_id
from fincore.domain.outcome import Approved
from fincore.write.psp.paypal.orders import OrderReading, read_order
from fincore.write.psp.paypal.wire import Order
from fixtures.paypal_stub import (
    AT,
    USD_19_99,
    Json,
    authorization_json,
    capture_json,
    order_json,
    usd,
)

CHARGE: Final = new_charge_id()
LIES: Final[tuple[Any, ...]] = (
    None,
    "",
    "COMPLETED",
    "CREATED",
    "9999999.00",
    "-1",
    "JPY",
    "9" * 400,
    -1,
    0,
    1e308,
    True,
    [],
    {},
    [None],
    {"id": "X"},
)
Path = tuple[str | int, ...]


def paths(body: Any, path: Path = ()) -> Iterator[Path]:
    """The place of every field, and of every value below it."""
    fields = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in fields:
        yield (*path, name)
        yield from paths(value, (*path, name))


def lies_about(truth: Json) -> Iterator[tuple[Path, Any, Json]]:
    """Every field, what is said of it in place of the truth, and the whole with that lie."""
    for path in paths(truth):
        for lie in (*LIES, "left out"):
            told = deepcopy(truth)
            inner: Any = told
            for step in path[:-1]:
                inner = inner[step]
            if lie == "left out":
                del inner[path[-1]]
            else:
                inner[path[-1]] = deepcopy(lie)
            yield path, lie, told


def read(body: Json) -> OrderReading | None:
    """What an order says; None where it is not even an order."""
    try:
        return read_order(msgspec.convert(body, Order), now=AT)
    except msgspec.ValidationError:
        return None


TRUTHS: Final = {
    "approved": order_json(CHARGE, "APPROVED"),
    "refused": order_json(CHARGE, captures=[capture_json(CHARGE, "DECLINED")]),
    "pending": order_json(
        CHARGE, captures=[capture_json(CHARGE, "PENDING", status_details={"reason": "ECHECK"})]
    ),
    "voided": order_json(CHARGE, authorizations=[authorization_json(CHARGE, "VOIDED")]),
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_false_field_makes_money_of_none_unless_it_is_a_status(truth: str) -> None:
    for path, lie, told in lies_about(TRUTHS[truth]):
        reading = read(told)
        if isinstance(reading, Approved):
            assert path[-1] == "status", (path, lie)
            assert "payments" in path, (path, lie)


def test_false_field_changes_money_only_by_its_amount() -> None:
    """A capture that is hidden leaves the hold as the record shows it, or nothing that can be read."""
    held = authorization_json(CHARGE, "CAPTURED", amount=usd("25.00"))
    truth = order_json(CHARGE, authorizations=[held], captures=[capture_json(CHARGE)])
    for path, lie, told in lies_about(truth):
        reading = read(told)
        if not isinstance(reading, Approved) or reading.money == USD_19_99:
            continue
        of_the_capture = (
            path[-2:] in ((("amount", "value")), (("amount", "currency_code"))) and "captures" in path
        )
        assert of_the_capture or reading.kind == "authorized", (path, lie, reading)
