"""The pipeline: its stages in their order, what its builds are given, and what its description must say."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from infra.build_projects import BOTOCORE
from infra.installation import InstallationRefused
from infra.pipeline_names import stage_role_arn
from infra.pipeline_settings import is_named_by_digest, read_pipeline
from infra.sources import BUILDS, PIPELINE_EXAMPLE

from aws_templates.templates import INSTALLATIONS, PIPELINE, resources, template

PROJECT: Final = Path(__file__).parents[2]
DIGEST: Final = "sha256:" + 64 * "a"


def actions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each action with its stage, in the order of the pipeline."""
    ((_, made),) = resources(PIPELINE, "AWS::CodePipeline::Pipeline")
    for stage in made["Stages"]:
        for action in sorted(stage["Actions"], key=lambda one: int(one["RunOrder"])):
            yield stage["Name"], action


def test_release_passes_staging_and_approval_before_production() -> None:
    assert [(stage, action["Name"]) for stage, action in actions()] == [
        ("Source", "Repository"),
        ("Build", "Checks"),
        ("Build", "Image"),
        ("Staging", "Migration"),
        ("Staging", "MigrateStaging"),
        ("Staging", "Services"),
        ("Staging", "PublishStaging"),
        ("Load", "Load"),
        ("Approval", "Release"),
        ("Production", "Migration"),
        ("Production", "MigrateProduction"),
        ("Production", "Services"),
        ("Production", "PublishProduction"),
    ]
    orders = [action["RunOrder"] for stage, action in actions() if stage in {"Staging", "Production"}]
    assert orders == [1, 2, 3, 4] * 2


def test_stages_get_image_and_templates_of_one_build() -> None:
    deployed = [one for _, one in actions() if one["ActionTypeId"]["Provider"] == "CloudFormation"]
    assert len(deployed) == 4
    for one in deployed:
        configuration = one["Configuration"]
        stage = configuration["StackName"].split("-")[1]
        assert one["InputArtifacts"] == [{"Name": "release"}]
        assert configuration["TemplatePath"] == f"release::{configuration['StackName']}.json"
        assert configuration["ParameterOverrides"] == (
            '{"Image":{"Fn::GetParam":["release","image.json","Image"]}}'
        )
        assert configuration["RoleArn"] == stage_role_arn(INSTALLATIONS[stage], "deploy")
        assert one["RoleArn"] == stage_role_arn(INSTALLATIONS[stage], "release")
        assert "Image" in template(stage, configuration["StackName"].split("-")[2])["Parameters"]


def test_artifacts_are_made_before_they_are_used() -> None:
    made: set[str] = set()
    for _, action in actions():
        assert {one["Name"] for one in action.get("InputArtifacts", [])} <= made
        made |= {one["Name"] for one in action.get("OutputArtifacts", [])}
    projects = {one["Name"] for _, one in resources(PIPELINE, "AWS::CodeBuild::Project")}
    used = {one["Configuration"].get("ProjectName") for _, one in actions()} - {None}
    assert used == projects


def test_approval_tells_the_approvers() -> None:
    (approval,) = (one for _, one in actions() if one["ActionTypeId"]["Category"] == "Approval")
    told = {
        (str(one["TopicArn"]), one["Endpoint"]) for _, one in resources(PIPELINE, "AWS::SNS::Subscription")
    }
    topic = str(approval["Configuration"]["NotificationArn"])
    assert told == {(topic, address) for address in read_pipeline(PIPELINE_EXAMPLE).approvers}


def buildspecs() -> dict[str, dict[str, Any]]:
    """The buildspec of each build, as it is in the template."""
    return {
        str(one["Name"]).removeprefix("fincore-"): yaml.safe_load(one["Source"]["BuildSpec"])
        for _, one in resources(PIPELINE, "AWS::CodeBuild::Project")
    }


def commands(buildspec: dict[str, Any]) -> str:
    """All commands of a buildspec, in their order."""
    phases = buildspec["phases"]
    assert phases.keys() <= {"install", "pre_build", "build", "post_build"}
    return "\n".join(
        command
        for phase in ("install", "pre_build", "build", "post_build")
        for command in phases.get(phase, {}).get("commands", [])
    )


@pytest.mark.parametrize("build", sorted(buildspecs()))
def test_builds_run_what_is_there_with_what_they_are_given(build: str) -> None:
    text = commands(buildspecs()[build])
    subprocess.run(["/bin/sh", "-n", "-c", text], check=True)
    for word in text.split():
        if word.startswith("infra/"):
            assert (PROJECT / word).is_file(), word
        if word.startswith("make"):
            break
    (project,) = (
        one for _, one in resources(PIPELINE, "AWS::CodeBuild::Project") if one["Name"] == f"fincore-{build}"
    )
    given = {one["Name"] for one in project["Environment"].get("EnvironmentVariables", [])}
    for name in given - {"FINCORE_LOAD_API_KEY"}:
        assert f"${name}" in text or f"${{{name}" in text, name


def test_build_of_the_image_alone_has_rights_of_root() -> None:
    assert [
        one["Name"]
        for _, one in resources(PIPELINE, "AWS::CodeBuild::Project")
        if one["Environment"]["PrivilegedMode"]
    ] == ["fincore-image"]


def test_version_for_migrations_is_the_one_of_the_lock() -> None:
    with (PROJECT / "uv.lock").open("rb") as file:
        locked = {one["name"]: one.get("version") for one in tomllib.load(file)["package"]}
    assert locked["botocore"] == BOTOCORE


@pytest.mark.parametrize(
    ("base", "accepted"),
    [
        (f"docker.io/library/python@{DIGEST}", True),
        (f"python@{DIGEST}", True),
        ("docker.io/library/python:3.11.14-slim-bookworm", False),
        (f"python@{DIGEST[:-1]}", False),
        (f"python@{DIGEST}a", False),
        (f"@{DIGEST}", False),
        ("python@md5:" + 64 * "a", False),
        (f"python:3.11\npython@{DIGEST}", False),
        ("", False),
    ],
    ids=lambda one: str(one)[:24],
)
def test_build_refuses_a_base_without_a_digest(base: str, accepted: bool) -> None:  # noqa: FBT001 -- a column of the table
    first = commands(buildspecs()["image"]).splitlines()[0]
    assert first == 'sh infra/builds/require_digest.sh "$BASE"'
    done = subprocess.run(
        ["/bin/sh", "-ec", first],
        cwd=PROJECT,
        env={"BASE": base},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == accepted
    assert accepted or "Set base_image" in done.stderr
    assert is_named_by_digest(base) == accepted


def changed(tmp_path: Path, file: str, before: str, after: str) -> str:
    """What is said of the example where one of its files was changed."""
    for one in PIPELINE_EXAMPLE.parent.glob("*.toml"):
        shutil.copy(one, tmp_path)
    text = (tmp_path / file).read_text()
    assert before in text
    (tmp_path / file).write_text(text.replace(before, after))
    with pytest.raises(InstallationRefused) as refused:
        read_pipeline(tmp_path / "pipeline.toml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("pipeline.toml", "python@sha256:" + 64 * "0", "python:3.11", "set base_image"),
        ("pipeline.toml", '"333333333333"', '"222222222222"', "set tools_account to 222222222222"),
        ("staging.toml", '"222222222222"', '"111111111111"', "an account each"),
        ("staging.toml", "livemode = false", "livemode = true", "set livemode to false"),
        ("staging.toml", 'stage = "staging"', 'stage = "stage2"', "set stage to staging"),
        ("production.toml", "eu-central-1", "eu-west-1", "set region to eu-central-1"),
        ("pipeline.toml", "rate = 10", "rate = 0", "rate"),
        ("pipeline.toml", "approvers = [", "approvers = [] #", "approvers"),
    ],
    ids=["tag", "tools account", "one account", "live money", "stage", "region", "rate", "no approver"],
)
def test_pipeline_with_a_flaw_is_refused_by_name(
    tmp_path: Path, file: str, before: str, after: str, said: str
) -> None:
    assert said in changed(tmp_path, file, before, after)


def test_scripts_of_builds_are_all_used() -> None:
    used = "".join(path.read_text() for path in BUILDS.iterdir()) + "".join(map(str, buildspecs().values()))
    assert all(path.name in used for path in BUILDS.iterdir() if path.suffix == ".sh")
    names = {f"{one['Name']}" for _, one in resources(PIPELINE, "AWS::CodeBuild::Project")}
    assert all(any(path.stem in name for name in names) for path in BUILDS.glob("*.yml"))
