"""Alarms on AWS's own metrics: what FinCore cannot see of the parts that it runs on. Pure."""

from collections.abc import Mapping
from typing import Final

from infra.logical_id import logical_id
from infra.own_alarm import OwnAlarm

_GIB: Final = 1024**3


def own_alarms(watched: Mapping[str, str]) -> tuple[OwnAlarm, ...]:
    """The alarms. `watched`: databases by store, `api-balancer` and `inner-balancer` by their full names, `dead-jobs`, `dead-records`, `certificate`."""
    found: list[OwnAlarm] = []
    for store in ("eventstore", "paymentdb", "ledgerdb"):
        where = {"DBInstanceIdentifier": watched[store]}
        name = store.title()
        found += [
            OwnAlarm(
                name=f"{name}StorageLow",
                severity="page",
                meaning=f"Less than 10 GiB are free for the database of the {store}: it stops taking changes when none is.",
                namespace="AWS/RDS",
                metric="FreeStorageSpace",
                dimensions=where,
                statistic="Minimum",
                comparison="LessThanThreshold",
                threshold=10 * _GIB,
                periods=1,
            ),
            OwnAlarm(
                name=f"{name}CpuHigh",
                severity="ticket",
                meaning=f"The database of the {store} used more than 80 % of its CPU for an hour: choose a larger size.",
                namespace="AWS/RDS",
                metric="CPUUtilization",
                dimensions=where,
                statistic="Average",
                threshold=80,
                periods=12,
            ),
        ]
    for front in ("api-balancer", "inner-balancer"):
        name = front.split("-", maxsplit=1)[0].title()
        found.append(
            OwnAlarm(
                name=f"{name}BalancerErrors",
                severity="page",
                meaning=f"The load balancer `{front}` answered 5xx by itself: no task took the requests.",
                namespace="AWS/ApplicationELB",
                metric="HTTPCode_ELB_5XX_Count",
                dimensions={"LoadBalancer": watched[front]},
                statistic="Sum",
                threshold=10,
                periods=1,
            )
        )
    for queue, meaning in (
        (
            "dead-jobs",
            "Messages are in the queue of dead letters: jobs that a worker received five times and did not end.",
        ),
        (
            "dead-records",
            "Lambda gave records of the stream up, which it never should: see which function and what for in the message.",
        ),
    ):
        found.append(
            OwnAlarm(
                name=f"{logical_id(queue)}Wait",
                severity="page",
                meaning=meaning,
                namespace="AWS/SQS",
                metric="ApproximateNumberOfMessagesVisible",
                dimensions={"QueueName": watched[queue]},
                statistic="Maximum",
                threshold=0,
                periods=1,
            )
        )
    found.append(certificate_ends("BalancerCertificateEnds", "of the load balancers", watched["certificate"]))
    return tuple(found)


def certificate_ends(name: str, of_what: str, arn: str) -> OwnAlarm:
    """The alarm on a certificate of Amazon's certificate manager."""
    return OwnAlarm(
        name=name,
        severity="ticket",
        meaning=f"The certificate {of_what} ends within 14 days. ACM renews one by itself where its records of DNS stand.",
        namespace="AWS/CertificateManager",
        metric="DaysToExpiry",
        dimensions={"CertificateArn": arn},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=14,
        # It is published twice a day.
        period_seconds=86_400,
        periods=1,
    )
