"""A topic that tells people of alarms, and an alarm that tells a topic."""

from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from infra.installation import Installation
from infra.own_alarm import OwnAlarm


def topic_name(name: str, installation: Installation) -> str:
    """The name of a topic in its account."""
    return f"fincore-{installation.stage}-{name}"


def alarm_topic(stack: Any, name: str, installation: Installation, topic_key: Any) -> Any:
    """A topic that alarms of this account write to, and that tells the mail addresses of the installation."""
    topic = sns.Topic(
        stack,
        f"{name.title()}Topic",
        topic_name=topic_name(name, installation),
        master_key=topic_key,
        enforce_ssl=True,
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )
    for number, address in enumerate(installation.told.emails, start=1):
        sns.CfnSubscription(
            stack,
            f"{name.title()}Mail{number}",
            topic_arn=topic.topic_arn,
            protocol="email",
            endpoint=address,
        )
    return topic


def own_alarm(stack: Any, own: OwnAlarm, topic: Any) -> Any:
    """An alarm that tells a topic when it begins and ends."""
    return cloudwatch.CfnAlarm(
        stack,
        own.name,
        alarm_name=f"FinCore-{own.name}",
        alarm_description=own.meaning,
        namespace=own.namespace,
        metric_name=own.metric,
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=label, value=value)
            for label, value in own.dimensions.items()
        ],
        statistic=own.statistic,
        period=own.period_seconds,
        evaluation_periods=own.periods,
        comparison_operator=own.comparison,
        threshold=own.threshold,
        treat_missing_data=own.missing,
        alarm_actions=[topic.topic_arn],
        ok_actions=[topic.topic_arn],
    )
