"""What an installation of each size costs in a month, by part: an estimate, from `prices` and the tables of this package. Pure.

It is for installations in which functions do all that they can.
"""

from collections.abc import Mapping
from typing import Final

from infra.endpoints import ENDPOINT_SERVICES
from infra.functions import FUNCTIONS, WORKS, replaced_roles
from infra.prices import HOURS_A_MONTH, PRICES, SECONDS_A_MONTH
from infra.sizes import SIZES, Size

BUSY_SHARE: Final = 0.3
"""How much of the size an installation carries on average: nights and weekends are quiet."""
EVENTS_PER_CHARGE: Final = 5
REQUESTS_PER_CHARGE: Final = 4
"""Of merchants, PSPs and browsers."""
LOG_KB_PER_CHARGE: Final = 4.0
CALL_KB_PER_CHARGE: Final = 20.0
"""Calls to PSPs and webhooks to merchants, through the NAT gateways."""
ALARMS: Final = 115
METRICS: Final = 180
KEYS: Final = 8
SECRETS: Final = 25
JOBS_PER_CHARGE: Final = 3
MESSAGE_REQUESTS_PER_JOB: Final = 2
"""To send, receive and delete; a request may be for ten messages."""
JOB_SECONDS: Final = 0.3
RISK_SECONDS: Final = 0.03
"""How long a function takes for a charge."""
RECORDS_SECONDS: Final = 0.1
"""How long a function takes for what a shard has in a second."""
FIREWALLS: Final = 2
BALANCERS: Final = 3


def monthly(size: Size) -> Mapping[str, float]:
    """US dollars a month, by part."""
    charges = size.charges_per_second * BUSY_SHARE * SECONDS_A_MONTH
    millions = charges / 1_000_000
    zones = 2 if size.nat_gateways == 1 else 3

    def hourly(name: str, count: float = 1) -> float:
        return PRICES[name].dollars * HOURS_A_MONTH * count

    running = [one for role, one in size.tasks.items() if role not in replaced_roles(WORKS)]
    vcpus = sum(one.count * one.cpu / 1_024 for one in running)
    memory = sum(one.count * one.memory_mib / 1_024 for one in running)
    followed = [one for one in FUNCTIONS if "stream" in one.sources]
    gib_of_jobs = sum(one.memory_mib for one in FUNCTIONS if "queue" in one.sources) / 1_024
    gib_followed = sum(one.memory_mib for one in followed) / 1_024
    gib_of_risk = sum(one.memory_mib for one in FUNCTIONS if "roles" in one.sources) / 1_024
    jobs = charges * JOBS_PER_CHARGE
    storage = sum(one.storage_gib for one in size.databases.values())
    return {
        "roles on Fargate": hourly("vcpu", vcpus) + hourly("memory", memory),
        "functions": (
            SECONDS_A_MONTH * size.shards * RECORDS_SECONDS * gib_followed + jobs * JOB_SECONDS * gib_of_jobs
        )
        * PRICES["function"].dollars
        + (SECONDS_A_MONTH * size.shards * len(followed) + jobs) / 1e6 * PRICES["invocations"].dollars,
        "functions of risk": size.risk_functions
        * SECONDS_A_MONTH
        * gib_of_risk
        * PRICES["waiting-function"].dollars
        + charges
        * (RISK_SECONDS * gib_of_risk * PRICES["function"].dollars + PRICES["invocations"].dollars / 1e6),
        "queue": jobs * MESSAGE_REQUESTS_PER_JOB / 1e6 * PRICES["messages"].dollars,
        "databases": sum(hourly(one.instance) for one in size.databases.values())
        + storage * PRICES["storage"].dollars,
        "cache": hourly(size.cache, 2),
        "stream": hourly("shard", size.shards) + millions * EVENTS_PER_CHARGE * PRICES["put"].dollars,
        "attempts in DynamoDB": millions * PRICES["attempts"].dollars,
        "NAT": hourly("nat", size.nat_gateways)
        + charges * CALL_KB_PER_CHARGE / 1e6 * PRICES["nat-data"].dollars,
        "endpoints": hourly("endpoint", len(ENDPOINT_SERVICES) * zones),
        "load balancers": hourly("balancer", BALANCERS)
        + hourly(
            "balancer-units",
            BALANCERS * max(1, size.charges_per_second * BUSY_SHARE * REQUESTS_PER_CHARGE / 25),
        ),
        "firewalls": FIREWALLS * PRICES["firewall"].dollars
        + millions * REQUESTS_PER_CHARGE * PRICES["firewall-requests"].dollars,
        "logs, metrics, alarms": charges * LOG_KB_PER_CHARGE / 1e6 * PRICES["logs"].dollars
        + METRICS * PRICES["metric"].dollars
        + ALARMS * PRICES["alarm"].dollars,
        "keys, secrets": KEYS * PRICES["key"].dollars + SECRETS * PRICES["secret"].dollars,
    }


def cost_table() -> list[tuple[str, ...]]:
    """Dollars a month by part and size, their sum, and what one charge costs."""
    months = {size.charges_per_second: monthly(size) for size in SIZES.values()}
    rows: list[tuple[str, ...]] = [("part", *(f"{size:,} charges a second" for size in months))]
    rows += [
        (part, *(f"{month[part]:,.0f}" for month in months.values())) for part in next(iter(months.values()))
    ]
    sums = {size: sum(month.values()) for size, month in months.items()}
    rows.append(("**all, in US dollars a month**", *(f"**{one:,.0f}**" for one in sums.values())))
    rows.append(
        (
            "for 1,000 charges",
            *(f"{1_000 * one / (size * BUSY_SHARE * SECONDS_A_MONTH):.3f}" for size, one in sums.items()),
        )
    )
    return rows


def price_table() -> list[tuple[str, ...]]:
    """Each price, its unit, and how it is known."""
    rows: list[tuple[str, ...]] = [("what", "US dollars", "for one", "checked")]
    rows += [(f"`{name}`", f"{one.dollars:g}", one.unit, f"no: {one.source}") for name, one in PRICES.items()]
    return rows
