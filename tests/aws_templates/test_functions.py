"""The functions of the templates: FinCore starts with their settings, they are invoked as its guides say, and each may do its own work alone."""

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import signature
from itertools import product
from typing import Any, Final

import msgspec
import pytest
from infra.arrows import arrows
from infra.functions import FUNCTIONS, WORKS
from infra.roles import DEPLOYED
from infra.secret_names import secrets_of_function

from aws_templates.templates import (
    INSTALLATIONS,
    functions,
    may,
    place,
    resources,
    secrets,
    tasks,
    template,
)
from aws_templates.test_policies import found
from aws_templates.test_tasks import environment, resolved, value_of
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.functions import worker
from fincore.bootstrap.roles import STORES_OF_ROLE
from fincore.bootstrap.settings import SECRET_SETTINGS
from fincore.bootstrap.settlement_sources.evidence_place import S3Place

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
each = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
FOREVER: Final = -1
REFERENCE: Final = "aws-secret:"


def variables(stage: str, name: str) -> Mapping[str, Any]:
    """The variables of a function as they are in the template."""
    given: Mapping[str, Any] = functions(stage)[name].properties["Environment"]["Variables"]
    return given


@stages
def test_examples_have_every_function(stage: str) -> None:
    assert INSTALLATIONS[stage].functions == WORKS
    assert functions(stage).keys() == {one.name for one in FUNCTIONS}


@stages
@each
def test_fincore_takes_the_settings_of_each_function(stage: str, function: Any) -> None:
    given = {
        name: value_of(name) if resolved(value).startswith(REFERENCE) else resolved(value)
        for name, value in variables(stage, function.name).items()
    }
    # The text of a file, which is the operator's own.
    given.pop("FINCORE_SETTLEMENT_SOURCES_FILE", None)
    settings = read_settings(given)
    assert settings.eventstore_dsn is not None
    for store in STORES_OF_ROLE[function.role]:
        assert getattr(settings, f"{store}_dsn") is not None
    assert (settings.risk_store == "dynamodb") == (function.name in {"worker", "risk"})
    assert isinstance(settings.settlement_evidence, S3Place) == (function.name == "reconciliation")
    assert (settings.ops_sns_topic is not None) == (function.name == "reconciliation")


@stages
@each
def test_variables_of_functions_are_within_the_bound_of_lambda(stage: str, function: Any) -> None:
    """4 KB; a reference that CloudFormation resolves is an ARN of about 130 characters."""
    size = sum(
        len(name) + len(resolved(value)) + 130 * ("deployed-name" in resolved(value))
        for name, value in variables(stage, function.name).items()
    )
    assert size < 3_000


@stages
@each
def test_secrets_of_functions_are_references(stage: str, function: Any) -> None:
    """Those that its table names, and it may read no other one."""
    given = variables(stage, function.name)
    stack = functions(stage)[function.name].runs_as.stack
    referred_to = {
        name: place(stage, stack, value).removeprefix(REFERENCE)
        for name, value in given.items()
        if resolved(value).startswith(REFERENCE)
    }
    assert referred_to.keys() >= given.keys() & SECRET_SETTINGS
    assert referred_to.keys() == set(secrets_of_function(function, INSTALLATIONS[stage]))
    role = functions(stage)[function.name].runs_as
    readable = {
        where for where in secrets(stage).values() if may(stage, role, "secretsmanager:GetSecretValue", where)
    }
    assert readable == {*referred_to.values()}


@each
def test_handler_takes_an_event_and_a_context(function: Any) -> None:
    module, _, name = function.handler.partition(".")
    handler: Callable[..., Any] = getattr(import_module(f"fincore.bootstrap.functions.{module}"), name)
    assert [*signature(handler).parameters] == ["event", "context"]


@stages
def test_functions_run_the_one_image_in_the_network(stage: str) -> None:
    groups = {
        str(one["GroupDescription"]).removeprefix("FinCore: "): f"{where.stack}/{where.name}"
        for where, one in resources(stage, "AWS::EC2::SecurityGroup")
    }
    for one in FUNCTIONS:
        made = functions(stage)[one.name].properties
        assert made["Code"] == {"ImageUri": {"Ref": "Image"}}
        assert made["ImageConfig"]["EntryPoint"] == ["python", "-m", "awslambdaric"]
        assert made["ImageConfig"]["Command"] == [f"fincore.bootstrap.functions.{one.handler}"]
        (group,) = made["VpcConfig"]["SecurityGroupIds"]
        assert place(stage, "app", group) == groups[f"{one.name}-function"]
        assert all("Vpcapp" in str(subnet) for subnet in made["VpcConfig"]["SubnetIds"])
        assert len(made["VpcConfig"]["SubnetIds"]) == len(INSTALLATIONS[stage].zones)


@stages
def test_mappings_are_those_of_the_guides(stage: str) -> None:
    """`event-stream.md` and `job-queue.md` say why."""
    stream, dead = found(stage, "AWS::Kinesis::Stream", "Events"), found(stage, "AWS::SQS::Queue", "DeadRec")
    jobs = found(stage, "AWS::SQS::Queue", "Jobs")
    mapped = {
        one["FunctionName"]["Ref"].removeprefix("Function"): {
            name: value for name, value in one.items() if name not in {"FunctionName", "Tags"}
        }
        for _, one in resources(stage, "AWS::Lambda::EventSourceMapping")
    }
    assert mapped.keys() == {"Projectionist", "FanOut", "Ledger", "Worker"}
    for name, one in mapped.items():
        assert one.pop("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        source = place(stage, "app", one.pop("EventSourceArn"))
        assert source == (jobs if name == "Worker" else stream)
        if name == "Worker":
            bound = INSTALLATIONS[stage].sized.job_functions
            assert one == {"BatchSize": 10, "ScalingConfig": {"MaximumConcurrency": bound}}
            continue
        assert place(stage, "app", one.pop("DestinationConfig")["OnFailure"]["Destination"]) == dead
        assert one == {
            "BatchSize": 500,
            "BisectBatchOnFunctionError": True,
            "MaximumRecordAgeInSeconds": FOREVER,
            "MaximumRetryAttempts": FOREVER,
            "ParallelizationFactor": 1,
            "StartingPosition": "TRIM_HORIZON",
        }


@stages
def test_messages_stay_hidden_as_long_as_fincore_thinks(stage: str) -> None:
    (queue,) = (one for where, one in resources(stage, "AWS::SQS::Queue") if where.name.startswith("Jobs"))
    (taker,) = (one.properties for name, one in functions(stage).items() if name == "worker")
    assert queue["VisibilityTimeout"] == worker.VISIBILITY_SECONDS == 6 * taker["Timeout"]


@stages
def test_doorbells_and_the_ledger_run_once_at_a_time(stage: str) -> None:
    reserved = {
        name: one.properties.get("ReservedConcurrentExecutions") for name, one in functions(stage).items()
    }
    assert {name for name, bound in reserved.items() if bound == 1} == {
        "ledger",
        "reconciliation",
        "projectionist-doorbell",
        "fan-out-doorbell",
    }
    assert {reserved[name] for name in ("projectionist", "fan-out", "worker")} == {None}


@stages
def test_schedules_ring_each_minute_and_keep_nothing(stage: str) -> None:
    rung = {
        "FunctionLedger",
        "FunctionProjectionistDoorbell",
        "FunctionFanOutDoorbell",
        "FunctionReconciliation",
    }
    rules = {
        one["Targets"][0]["Arn"]["Fn::GetAtt"][0]: one for _, one in resources(stage, "AWS::Events::Rule")
    }
    assert rules.keys() == rung
    assert {one["ScheduleExpression"] for one in rules.values()} == {"rate(1 minute)"}
    allowed = {
        one["FunctionName"]["Ref"]: one["SourceArn"]["Fn::GetAtt"][0]
        for _, one in resources(stage, "AWS::Lambda::Permission")
        if one["Principal"] == "events.amazonaws.com"
    }
    app = template(stage, "app")["Resources"]
    assert {name: app[rule]["Properties"]["Targets"][0]["Arn"] for name, rule in allowed.items()} == {
        name: {"Fn::GetAtt": [name, "Arn"]} for name in rung
    }
    kept = {
        one["FunctionName"]["Ref"]: (one["MaximumRetryAttempts"], one["MaximumEventAgeInSeconds"])
        for _, one in resources(stage, "AWS::Lambda::EventInvokeConfig")
    }
    assert kept == dict.fromkeys(rung, (0, 60))


@stages
def test_reconciliation_has_all_that_lambda_allows(stage: str) -> None:
    """The largest file is one of 4 GiB; SFTP goes out by the gateways with addresses that stay."""
    made = functions(stage)["reconciliation"].properties
    assert (made["Timeout"], made["EphemeralStorage"]) == (900, {"Size": 5_120})
    assert {(one.target, one.port) for one in arrows() if one.source == "reconciliation-function"} == {
        *product(("eventstore", "ledgerdb"), [5432]),
        *product(("internet", "s3", "endpoints"), [443]),
        *product(["internet"], (22, 587)),
    }


@stages
def test_charges_ask_the_version_of_the_release(stage: str) -> None:
    """By its alias, with processes that have started before; a role starts after it."""
    installation = INSTALLATIONS[stage]
    app = template(stage, "app")["Resources"]
    alias, version = app["FunctionRiskAlias"]["Properties"], app["FunctionRiskVersion"]["Properties"]
    assert alias["FunctionVersion"] == {"Fn::GetAtt": ["FunctionRiskVersion", "Version"]}
    assert {"Ref": "Image"} in version["Description"]["Fn::Join"][1]
    waiting = alias["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"]
    assert waiting == installation.sized.risk_functions
    assert functions(stage)["risk"].properties["ReservedConcurrentExecutions"] == 2 * waiting
    name = f"arn:aws:lambda:{installation.region}:{installation.account}:function:fincore-{stage}-risk"
    who = {one: task.runs_as for one, task in tasks(stage).items()}
    who |= {f"{one} function": made.runs_as for one, made in functions(stage).items()}
    asking = {one for one, role in who.items() if may(stage, role, "lambda:InvokeFunction", f"{name}:live")}
    assert asking == {"api", "worker", "worker function"}
    for role in who.values():
        assert not may(stage, role, "lambda:InvokeFunction", name)
        assert not may(stage, role, "lambda:InvokeFunction", f"{name}:1")
        assert not may(stage, role, "lambda:UpdateAlias", f"{name}:live")
    given = {one: environment(stage, one).get("FINCORE_RISK_FUNCTION") for one in tasks(stage)}
    given |= {
        f"{one} function": variables(stage, one).get("FINCORE_RISK_FUNCTION") for one in functions(stage)
    }
    assert {one: arn for one, arn in given.items() if arn} == dict.fromkeys(asking, f"{name}:live")
    after = {one for one, made in app.items() if "FunctionRiskAlias" in made.get("DependsOn", ())}
    assert any(one.startswith("ApiService") for one in after)
    assert any(one.startswith("WorkerService") for one in after)
    assert "FunctionWorker" in after


@stages
def test_lambda_alone_uses_the_rights_to_the_network(stage: str) -> None:
    account, region = INSTALLATIONS[stage].account, INSTALLATIONS[stage].region
    for name, one in functions(stage).items():
        arn = f"arn:aws:lambda:{region}:{account}:function:fincore-{stage}-{name}"
        for action in ("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"):
            assert may(stage, one.runs_as, action, "any")
            assert not may(stage, one.runs_as, action, "any", context={"lambda:SourceFunctionArn": arn})


@stages
def test_roles_that_functions_replace_have_no_tasks(stage: str) -> None:
    counts = {one["ServiceName"]: one["DesiredCount"] for _, one in resources(stage, "AWS::ECS::Service")}
    assert {role for role, count in counts.items() if count == 0} == {
        "projectionist",
        "ledger",
        "reconciliation",
    }
    assert tasks(stage).keys() >= {*DEPLOYED}


def test_without_functions_each_role_has_its_tasks() -> None:
    alone = msgspec.structs.replace(INSTALLATIONS["production"], functions=())
    assert alone.replaced == frozenset()
    assert all(alone.tasks_of(role) == alone.sized.tasks[role] for role in DEPLOYED)
    assert all(alone.tasks_of(role).count > 0 for role in DEPLOYED)
