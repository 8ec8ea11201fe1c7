"""The stack `observability`: the alarms of FinCore's own table, those of AWS's parts, who is told, and a dashboard of what alarms look at."""

import json
from collections.abc import Mapping
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from fincore.alerting.alerts import ALERTS
from fincore.alerting.cloudwatch import resources
from infra.alarm_topic import alarm_topic, own_alarm
from infra.certificate import certificate_topic_arn
from infra.function_alarms import form_for, function_alarms
from infra.installation import Installation
from infra.keys import key
from infra.own_alarms import own_alarms

TOPICS: Final = ("page", "ticket")
_WIDGET_WIDTH: Final = 8
_WIDGET_HEIGHT: Final = 6
_ACROSS: Final = 3


def observability_stack(
    app: Any, name: str, installation: Installation, environment: Any, watched: Mapping[str, Any]
) -> Any:
    """Make the stack. `watched`: what AWS's own metrics name, such as a database, by the names of `own_alarms`."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    topics = _topics(stack, installation)
    shown: list[tuple[str, str]] = []
    for alert in ALERTS:
        made: dict[str, Any] = {}
        for logical_id, one in resources(
            alert.name, form_for(alert, installation), meaning=alert.meaning
        ).items():
            properties = dict(one["Properties"])
            if logical_id == alert.name:
                properties |= {
                    "AlarmActions": [topics[alert.severity].topic_arn],
                    "OKActions": [topics[alert.severity].topic_arn],
                }
            made[logical_id] = cdk.CfnResource(stack, logical_id, type=one["Type"], properties=properties)
            made[logical_id].override_logical_id(logical_id)
            for before in one.get("DependsOn", ()):
                made[logical_id].add_resource_dependency(made[before])
            if one["Type"] == "AWS::CloudWatch::Alarm":
                shown.append((logical_id, properties["AlarmName"]))
    for own in (*own_alarms(watched), *function_alarms(installation)):
        alarm = own_alarm(stack, own, topics[own.severity])
        shown.append((own.name, alarm.alarm_name))
    _dashboard(stack, installation, [alarm for _, alarm in shown])
    return stack


def _topics(stack: Any, installation: Installation) -> Mapping[str, Any]:
    """A topic for what a person looks at now, and one for the next working day."""
    topic_key = key(stack, "TopicKey", "messages of alarms", services=("cloudwatch",))
    pager = cdk.CfnParameter(
        stack,
        "PagerAddress",
        no_echo=True,
        default="",
        allowed_pattern="^(https://[^ ]+)?$",
        description="The address of PagerDuty's integration with CloudWatch, which holds a key; empty: pages go by mail and Slack alone.",
    )
    has_pager = cdk.CfnCondition(
        stack, "HasPager", expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(pager.value_as_string, ""))
    )
    made = {}
    for name in TOPICS:
        made[name] = alarm_topic(stack, name, installation, topic_key)
    subscription = sns.CfnSubscription(
        stack, "Pager", topic_arn=made["page"].topic_arn, protocol="https", endpoint=pager.value_as_string
    )
    subscription.cfn_options.condition = has_pager
    if installation.told.slack_workspace is not None and installation.told.slack_channel is not None:
        role = iam.Role(
            stack,
            "SlackRole",
            assumed_by=iam.ServicePrincipal("chatbot.amazonaws.com"),
            description="FinCore: tells Slack, and may read nothing",
        )
        chatbot.CfnSlackChannelConfiguration(
            stack,
            "Slack",
            configuration_name=f"fincore-{installation.stage}",
            iam_role_arn=role.role_arn,
            slack_workspace_id=installation.told.slack_workspace,
            slack_channel_id=installation.told.slack_channel,
            sns_topic_arns=[*(made[name].topic_arn for name in TOPICS), certificate_topic_arn(installation)],
            guardrail_policies=["arn:aws:iam::aws:policy/AWSDenyAll"],
            logging_level="ERROR",
        )
    return made


def _dashboard(stack: Any, installation: Installation, alarms: list[str]) -> None:
    """Every alarm's curve with its threshold."""
    widgets = [
        {
            "type": "metric",
            "x": number % _ACROSS * _WIDGET_WIDTH,
            "y": number // _ACROSS * _WIDGET_HEIGHT,
            "width": _WIDGET_WIDTH,
            "height": _WIDGET_HEIGHT,
            "properties": {
                "title": alarm.removeprefix("FinCore-"),
                "region": installation.region,
                "annotations": {
                    "alarms": [
                        f"arn:aws:cloudwatch:{installation.region}:{installation.account}:alarm:{alarm}"
                    ]
                },
            },
        }
        for number, alarm in enumerate(alarms)
    ]
    cloudwatch.CfnDashboard(
        stack,
        "Alarms",
        dashboard_name=f"fincore-{installation.stage}",
        dashboard_body=json.dumps({"widgets": widgets}, separators=(",", ":")),
    )
