"""The merchant that a path names, where the caller sees it."""

from collections.abc import Iterator

from fincore.domain.ids import MerchantId, parse_merchant_id
from fincore.http.exchange import Call
from fincore.http.problems import Problem
from fincore.staff.access.admission import Visit
from fincore.staff.access.person import Mode
from fincore.staff.lists import MODES


def seen_merchant(call: Call, visit: Visit) -> MerchantId:
    """The merchant of a path. Raises `merchant_not_found` for one that the caller sees in no mode, as for what is none."""
    merchant_id = call.path_id("merchant_id", parse_merchant_id, "merchant_not_found")
    if not list(modes_seen(visit, merchant_id)):
        raise not_found()
    return merchant_id


def modes_seen(visit: Visit, merchant_id: MerchantId) -> Iterator[Mode]:
    """The modes in which the caller sees a merchant."""
    for mode in MODES:
        scope = visit.person.scope("merchants.read", livemode=mode == "live")
        if scope is not None and scope.holds(merchant_id):
            yield mode


def require(visit: Visit, merchant_id: MerchantId, mode: Mode) -> None:
    """Require the permission of the route for a merchant in a mode. Raises `permission_missing`, or `merchant_not_found`."""
    visit.require(merchant_id, livemode=mode == "live", unknown="merchant_not_found", sees="merchants.read")


def not_found() -> Problem:
    """There is no such merchant."""
    return Problem("merchant_not_found", param="merchant_id")
