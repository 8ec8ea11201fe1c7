"""The tasks of the templates: FinCore starts with their settings, and each has no more rights than it needs."""

import re
from base64 import b64encode
from hashlib import sha256
from ipaddress import IPv4Address
from typing import Any, Final

import pytest
from infra.environments import SCRATCH
from infra.roles import DEPLOYED
from infra.secret_names import FILES_OF_ROLE

from aws_templates.templates import INSTALLATIONS, resources, tasks
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.roles import ROLES
from fincore.bootstrap.settings import SETTINGS

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
EXAMPLES_OF_SECRETS: Final = {
    "_DSN": "postgresql://fincore:word@db.example.com:5432/fincore?sslmode=require",
    "FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1",
    "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
    "WEBHOOK_SECRETS": "whsec_1",
    "FINCORE_STRIPE_LIVE_PUBLISHABLE_KEY": "pk_live_1",
    "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY": "pk_test_1",
    "CLIENT_ID": "client",
    "CLIENT_SECRET": "secret",
    "WEBHOOK_ID": "webhook",
}


def value_of(setting: str) -> str:
    """A value that a secret may have."""
    for end, value in EXAMPLES_OF_SECRETS.items():
        if setting.endswith(end):
            return value
    key = b64encode(sha256(setting.encode()).digest()).decode()
    return f"k1:{key}" if setting == "FINCORE_VAULT_KEYS" else key


def resolved(value: Any) -> str:
    """A value of a template, with a name in place of what is known at deployment."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(map(resolved, parts))
    return "deployed-name"


def environment(stage: str, role: str) -> dict[str, str]:
    """What the process of a role is given."""
    container = tasks(stage)[role].containers[role]
    found = {one["Name"]: resolved(one["Value"]) for one in container["Environment"]}
    return found | {
        one["Name"]: value_of(one["Name"]) if one["Name"].startswith("FINCORE_") else "x"
        for one in container["Secrets"]
    }


@stages
@pytest.mark.parametrize("role", DEPLOYED)
def test_fincore_takes_the_settings_of_each_role(stage: str, role: str, tmp_path: Any) -> None:
    given = environment(stage, role)
    for setting, (_, name) in FILES_OF_ROLE.get(role, {}).items():  # type: ignore[call-overload]
        assert given[setting] == f"{SCRATCH}/{name}"
        file = tmp_path / name
        file.write_text("")
        given[setting] = str(file)
    if role == "reconciliation":
        del given["FINCORE_SETTLEMENT_SOURCES_FILE"]
    settings = read_settings(given)
    assert settings.host == str(IPv4Address(0))
    assert settings.log_format == "json"
    assert (settings.staff_port is not None) == (role == "staff")
    assert (settings.risk_store == "dynamodb") == (role in {"api", "worker", "card-edge"})
    assert (settings.job_queue is not None) == (role in {"worker", "relay"})
    assert (settings.job_dead_letters is not None) == (role == "relay")
    assert (settings.event_stream is not None) == (role == "relay")
    assert (settings.ops_sns_topic is not None) == (role == "reconciliation")


def test_each_role_is_deployed() -> None:
    assert set(DEPLOYED) == set(ROLES)


@stages
def test_there_is_a_task_for_each_role_and_the_migration(stage: str) -> None:
    assert tasks(stage).keys() == {*DEPLOYED, "migrate"}
    for name, task in tasks(stage).items():
        assert task.containers[name]["Command"] == (["migrate"] if name == "migrate" else ["run", name])


@stages
def test_containers_have_no_rights_of_root(stage: str) -> None:
    for task in tasks(stage).values():
        for container in task.containers.values():
            assert container["ReadonlyRootFilesystem"] is True
            assert container["User"] == "10001:10001"
            assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
            assert not container.get("Privileged")
            assert [one["ContainerPath"] for one in container["MountPoints"]] == [SCRATCH]


@stages
def test_no_secret_is_written_into_a_template(stage: str) -> None:
    secret = {one.name for one in SETTINGS if one.is_secret}
    for task in tasks(stage).values():
        for container in task.containers.values():
            assert not secret & {one["Name"] for one in container.get("Environment", [])}


@stages
def test_image_is_one_for_all_and_named_by_digest(stage: str) -> None:
    images = [container["Image"] for task in tasks(stage).values() for container in task.containers.values()]
    assert all(image == {"Ref": "Image"} for image in images)


@stages
def test_services_go_back_by_themselves(stage: str) -> None:
    services = {one["ServiceName"]: one for _, one in resources(stage, "AWS::ECS::Service")}
    assert services.keys() == set(DEPLOYED)
    for name, one in services.items():
        configuration = one["DeploymentConfiguration"]
        assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        is_switched = name in {"api", "checkout", "staff"}
        assert configuration["Strategy"] == ("BLUE_GREEN" if is_switched else "ROLLING")
        assert one["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
        assert one["EnableExecuteCommand"] is False


@stages
def test_card_edge_has_subnets_of_its_own(stage: str) -> None:
    subnets = {
        one["ServiceName"]: {
            str(subnet) for subnet in one["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
        }
        for _, one in resources(stage, "AWS::ECS::Service")
    }
    cards = subnets.pop("card-edge")
    assert len(cards) == len(INSTALLATIONS[stage].zones)
    assert all(re.search("Vpccards", one) for one in cards)
    assert all(not cards & others for others in subnets.values())


@stages
def test_databases_are_encrypted_copied_and_reached_by_tls(stage: str) -> None:
    instances = [one for _, one in resources(stage, "AWS::RDS::DBInstance")]
    assert len(instances) == 3
    for one in instances:
        assert (one["MultiAZ"], one["StorageEncrypted"], one["DeletionProtection"]) == (True, True, True)
        assert one["PubliclyAccessible"] is False if "PubliclyAccessible" in one else True
        assert one["BackupRetentionPeriod"] == 35
        assert one["EngineVersion"].startswith("18")
    groups = [one["Parameters"]["rds.force_ssl"] for _, one in resources(stage, "AWS::RDS::DBParameterGroup")]
    assert groups == ["1", "1", "1"]


@stages
def test_evidence_is_locked_for_as_long_as_it_is_kept(stage: str) -> None:
    (bucket,) = (one for _, one in resources(stage, "AWS::S3::Bucket") if one.get("ObjectLockEnabled"))
    rule = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert rule == {"Mode": "COMPLIANCE", "Days": INSTALLATIONS[stage].evidence_kept_days}
    task = tasks(stage)["reconciliation"].containers["reconciliation"]
    given = {one["Name"]: one["Value"] for one in task["Environment"]}
    assert given["FINCORE_SETTLEMENT_BUCKET_KEPT_DAYS"] == str(rule["Days"])
