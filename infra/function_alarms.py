"""Alarms on what FinCore's own metrics do not show on AWS: functions, and the services that Prometheus alone misses. Pure."""

from typing import Final

import msgspec

from fincore.alerting.alert import Alert
from fincore.alerting.cloudwatch import CloudWatchForm, CompositeAlarm, MetricAlarm
from fincore.bootstrap.roles import Role
from infra.functions import ALIAS, Function, functions_of
from infra.installation import Installation
from infra.logical_id import logical_id
from infra.own_alarm import OwnAlarm

LATE_MILLISECONDS: Final = 60_000
UNTOLD: Final[tuple[Role, ...]] = ("staff", "card-edge", "reconciliation", "relay")
"""The roles of which `RoleAbsent` says on CloudWatch that an alarm on their tasks is to be made."""


def form_for(alert: Alert, installation: Installation) -> CloudWatchForm:
    """An alert as CloudWatch says it, without what is asked of roles that do not run since functions do their work."""
    form = alert.cloudwatch
    if not isinstance(form, CompositeAlarm):
        return form
    kept = tuple(
        group for group in form.any_of if not any(_is_of_replaced(one, installation) for one in group)
    )
    return msgspec.structs.replace(form, any_of=kept)


def _is_of_replaced(alarm: object, installation: Installation) -> bool:
    return isinstance(alarm, MetricAlarm) and alarm.dimensions.get("consumer") in installation.replaced


def function_alarms(installation: Installation) -> tuple[OwnAlarm, ...]:
    """The alarms on each function of an installation, and on the services that are not missed otherwise."""
    found = [one for function in functions_of(installation.functions) for one in _of(function, installation)]
    found += [_not_running(role, installation) for role in UNTOLD if role not in installation.replaced]
    return tuple(found)


def _of(function: Function, installation: Installation) -> list[OwnAlarm]:
    name = logical_id(function.name) + "Function"
    where = {"FunctionName": f"fincore-{installation.stage}-{function.name}"}
    found = [
        OwnAlarm(
            name=f"{name}Fails",
            severity="ticket",
            meaning=f"The function `{function.name}` fails again and again: its log group has the reason.",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions=where,
            statistic="Sum",
            threshold=0,
        )
    ]
    if "stream" in function.sources:
        found.append(
            OwnAlarm(
                name=f"{name}Late",
                severity="page",
                meaning=f"The function `{function.name}` is more than a minute behind the stream of events.",
                namespace="AWS/Lambda",
                metric="IteratorAge",
                dimensions=where,
                statistic="Maximum",
                threshold=LATE_MILLISECONDS,
                period_seconds=60,
                periods=5,
            )
        )
    if "roles" in function.sources:
        found += [
            OwnAlarm(
                name=f"{name}Throttled",
                severity="page",
                meaning=f"More charges ask the function `{function.name}` at once than may: the failure mode decides on the others.",
                namespace="AWS/Lambda",
                metric="Throttles",
                dimensions=where,
                statistic="Sum",
                threshold=0,
                periods=1,
            ),
            OwnAlarm(
                name=f"{name}Cold",
                severity="ticket",
                meaning=f"More charges ask the function `{function.name}` at once than processes wait for them: further ones wait for a start, or "
                "the failure mode decides. Raise `risk_functions` of the size.",
                namespace="AWS/Lambda",
                metric="ProvisionedConcurrencySpilloverInvocations",
                dimensions={**where, "Resource": f"{where['FunctionName']}:{ALIAS}"},
                statistic="Sum",
                threshold=0,
            ),
        ]
    if "minute" in function.sources:
        minutes = max(5, 2 * function.timeout_seconds // 60)
        found.append(
            OwnAlarm(
                name=f"{name}Silent",
                severity="page",
                meaning=f"The function `{function.name}` was not invoked for {minutes} minutes, though it is each minute in which it does not run.",
                period_seconds=minutes * 60,
                namespace="AWS/Lambda",
                metric="Invocations",
                dimensions=where,
                statistic="Sum",
                comparison="LessThanThreshold",
                threshold=1,
                periods=1,
                missing="breaching",
            )
        )
    return found


def _not_running(role: Role, installation: Installation) -> OwnAlarm:
    return OwnAlarm(
        name=logical_id(role) + "NotRunning",
        severity="page",
        meaning=f"No task of the service `{role}` runs.",
        namespace="ECS/ContainerInsights",
        metric="RunningTaskCount",
        dimensions={"ClusterName": f"fincore-{installation.stage}", "ServiceName": role},
        statistic="Minimum",
        comparison="LessThanThreshold",
        threshold=1,
        period_seconds=60,
        periods=5,
        missing="breaching",
    )
