"""The alarms of the templates are those of FinCore's own table, and each tells a person."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from infra.arrows import STORES
from infra.function_alarms import form_for, function_alarms
from infra.own_alarm import OwnAlarm
from infra.own_alarms import own_alarms

from aws_templates.templates import INSTALLATIONS, place, resources, tasks, template
from fincore.alerting.alerts import ALERTS
from fincore.alerting.cloudwatch import PrometheusOnly
from fincore.alerting.cloudwatch import resources as alarm_resources

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
STACK: Final = "observability"
REGION_OF_CLOUDFRONT: Final = "us-east-1"
"""Where CloudFront takes its certificates from."""
ACTIONS: Final = {"AlarmActions", "OKActions"}
WATCHED: Final = {
    name: name
    for name in (*STORES, "api-balancer", "inner-balancer", "dead-jobs", "dead-records", "certificate")
}


def own(stage: str) -> tuple[OwnAlarm, ...]:
    """The alarms beside those of FinCore's table."""
    return (*own_alarms(WATCHED), *function_alarms(INSTALLATIONS[stage]))


def alarms(stage: str) -> dict[str, Mapping[str, Any]]:
    """Every alarm by its logical id."""
    return {
        name: one
        for name, one in template(stage, STACK)["Resources"].items()
        if one["Type"] in {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
    }


def topic(stage: str, severity: str) -> str:
    """The topic of a severity."""
    (one,) = (
        f"{where.stack}/{where.name}"
        for where, properties in resources(stage, "AWS::SNS::Topic")
        if properties["TopicName"] == f"fincore-{stage}-{severity}"
    )
    return one


@stages
def test_alarms_are_those_that_the_table_of_alerts_renders(stage: str) -> None:
    """After a change of the table, `make infra` renders them anew."""
    wanted = {
        name: one["Properties"]
        for alert in ALERTS
        for name, one in alarm_resources(
            alert.name, form_for(alert, INSTALLATIONS[stage]), meaning=alert.meaning
        ).items()
    }
    added = {one.name for one in own(stage)}
    found = {
        name: {field: value for field, value in one["Properties"].items() if field not in ACTIONS | {"Tags"}}
        for name, one in alarms(stage).items()
        if name not in added
    }
    assert found == json.loads(json.dumps(wanted))


@stages
def test_each_alert_tells_the_topic_of_its_severity(stage: str) -> None:
    severities = {
        alert.name: alert.severity for alert in ALERTS if not isinstance(alert.cloudwatch, PrometheusOnly)
    }
    severities |= {one.name: one.severity for one in own(stage)}
    told = {
        name: {place(stage, STACK, action) for kind in ACTIONS for action in one["Properties"][kind]}
        for name, one in alarms(stage).items()
        if one["Properties"].keys() >= ACTIONS
    }
    assert told == {name: {topic(stage, severity)} for name, severity in severities.items()}


@stages
def test_topics_reach_mail_pager_and_slack(stage: str) -> None:
    installation = INSTALLATIONS[stage]
    reached = {
        (place(stage, where.stack, one["TopicArn"]), one["Protocol"], str(one["Endpoint"]))
        for where, one in resources(stage, "AWS::SNS::Subscription")
    }
    pager = (topic(stage, "page"), "https", str({"Ref": "PagerAddress"}))
    mails = {
        (topic(stage, kind), "email", address)
        for kind in ("page", "ticket", "operations", "certificate")
        for address in installation.told.emails
    }
    assert reached == {pager, *mails}
    assert template(stage, STACK)["Parameters"]["PagerAddress"]["NoEcho"] is True
    channels = [one for _, one in resources(stage, "AWS::Chatbot::SlackChannelConfiguration")]
    assert len(channels) == (installation.told.slack_channel is not None)


@stages
def test_certificate_of_cloudfront_is_watched_in_its_region(stage: str) -> None:
    """The alarm tells a topic beside it, since one of another region cannot be told, and Slack is told by that topic."""
    installation = INSTALLATIONS[stage]
    (alarm,) = (
        one["Properties"]
        for one in template(stage, "certificate")["Resources"].values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    )
    (dimension,) = alarm["Dimensions"]
    region = dimension["Value"].split(":")[3]
    assert (dimension["Value"], region) == (installation.certificates.cloudfront, REGION_OF_CLOUDFRONT)
    told = topic(stage, "certificate")
    assert {place(stage, "certificate", one) for kind in ACTIONS for one in alarm[kind]} == {told}
    assert told.startswith("certificate/")
    arn = f"arn:aws:sns:{region}:{installation.account}:fincore-{stage}-certificate"
    channels = [one for _, one in resources(stage, "AWS::Chatbot::SlackChannelConfiguration")]
    assert all(arn in one["SnsTopicArns"] for one in channels)


@stages
def test_dashboard_shows_each_alarm_on_a_metric(stage: str) -> None:
    (dashboard,) = (one for _, one in resources(stage, "AWS::CloudWatch::Dashboard"))
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    shown = [
        name.rpartition(":")[2] for one in widgets for name in one["properties"]["annotations"]["alarms"]
    ]
    single = [
        one["Properties"]["AlarmName"]
        for one in alarms(stage).values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    ]
    assert sorted(shown) == sorted(single)
    assert len(widgets) <= 500


@stages
def test_roles_print_the_metrics_that_alarms_ask_for(stage: str) -> None:
    for name, task in tasks(stage).items():
        given = {one["Name"]: one["Value"] for one in task.containers[name]["Environment"]}
        assert (given.get("FINCORE_METRICS_LOG") == "cloudwatch") == (name != "migrate")


@stages
def test_each_log_group_is_encrypted_and_ends(stage: str) -> None:
    groups = [one for _, one in resources(stage, "AWS::Logs::LogGroup")]
    assert len(groups) > len(tasks(stage))
    assert all("KmsKeyId" in one and one["RetentionInDays"] == 400 for one in groups)
