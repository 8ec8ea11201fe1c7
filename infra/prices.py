"""Prices of AWS in us-east-1, in US dollars, as far as they are known. Pure.

None could be checked against the price pages of AWS where this was written: `source` says where each comes from. Check them before a decision.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

Source = Literal["quoted", "remembered"]
"""`quoted`: seen in a text of another party; `remembered`: from memory."""
HOURS_A_MONTH: Final = 730
SECONDS_A_MONTH: Final = HOURS_A_MONTH * 3_600


class Price(msgspec.Struct, frozen=True):
    """What one unit costs. No price here is checked."""

    dollars: float
    unit: str
    source: Source = "remembered"


PRICES: Final[Mapping[str, Price]] = MappingProxyType(
    {
        "vcpu": Price(0.04048, "vCPU of Fargate and hour"),
        "memory": Price(0.004445, "GiB of Fargate and hour"),
        "t4g.small": Price(0.065, "instance in two zones and hour"),
        "t4g.medium": Price(0.129, "instance in two zones and hour"),
        "m7g.large": Price(0.337, "instance in two zones and hour"),
        "r7g.xlarge": Price(0.956, "instance in two zones and hour"),
        "r7g.2xlarge": Price(1.912, "instance in two zones and hour"),
        "storage": Price(0.23, "GiB in two zones and month"),
        "cache.t4g.small": Price(0.0256, "node and hour"),
        "cache.m7g.large": Price(0.126, "node and hour"),
        "cache.m7g.xlarge": Price(0.252, "node and hour"),
        "shard": Price(0.015, "shard and hour", "quoted"),
        "put": Price(0.014, "million units of 25 KB put", "quoted"),
        "function": Price(0.0000166667, "GiB of a function and second"),
        "waiting-function": Price(
            0.0000041667, "GiB of a function that has started before it is asked, and second"
        ),
        "invocations": Price(0.20, "million invocations"),
        "messages": Price(0.40, "million requests of SQS"),
        "nat": Price(0.045, "gateway and hour", "quoted"),
        "nat-data": Price(0.045, "GB through it", "quoted"),
        "endpoint": Price(0.01, "endpoint, zone and hour", "quoted"),
        "balancer": Price(0.0225, "load balancer and hour"),
        "balancer-units": Price(0.008, "capacity unit and hour"),
        "firewall": Price(8.0, "web ACL with three lists and month"),
        "firewall-requests": Price(0.60, "million requests"),
        "attempts": Price(3.75, "million transactional writes and consistent reads of a charge"),
        "logs": Price(0.50, "GB of logs taken"),
        "metric": Price(0.30, "metric and month"),
        "alarm": Price(0.10, "alarm and month"),
        "key": Price(1.0, "key and month"),
        "secret": Price(0.40, "secret and month"),
    }
)
