"""The charge that a path names, where the person may see it."""

from fincore.backoffice.charge_in_full import ChargeInFull, LoadedCharge
from fincore.domain.ids import parse_charge_id
from fincore.http.exchange import Call
from fincore.http.problems import Problem
from fincore.staff.access.admission import Visit


async def seen_charge(call: Call, visit: Visit, charges: ChargeInFull) -> LoadedCharge:
    """The charge that a path names. Raises `charge_not_found`, also for one outside what the person sees."""
    charge_id = call.path_id("charge_id", parse_charge_id, "charge_not_found")
    loaded = await charges.load(charge_id)
    if loaded is None:
        raise Problem("charge_not_found", param="charge_id")
    visit.require(loaded.charge.merchant_id, livemode=loaded.charge.livemode, unknown="charge_not_found")
    return loaded
