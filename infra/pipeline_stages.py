"""The stages of the pipeline, in their order: what runs, with what, and who must agree. Pure."""

from typing import Any, Final, Literal

import msgspec

from infra.installation import Installation
from infra.logical_id import logical_id
from infra.pipeline_names import stack, stage_role_arn
from infra.pipeline_settings import Pipeline

Category = Literal["Source", "Build", "Deploy", "Approval"]
SOURCE: Final = "source"
"""The artifact with the repository."""
RELEASE: Final = "release"
"""The artifact with the templates, and `image.json`."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """An action, as CodePipeline knows it. Actions of one `order` run side by side. `role`: an ARN, where it is not the pipeline's own."""

    name: str
    category: Category
    provider: str
    configuration: dict[str, Any]
    order: int = 1
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    role: str | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage. It ends with its first action that fails, and no later one begins."""

    name: str
    actions: tuple[Action, ...]


def stages(pipeline: Pipeline, approvals: str) -> tuple[Stage, ...]:
    """The stages. `approvals`: the topic that tells those who may approve a release."""
    return (
        Stage(
            name="Source",
            actions=(
                Action(
                    name="Repository",
                    category="Source",
                    provider="CodeStarSourceConnection",
                    configuration={
                        "ConnectionArn": pipeline.connection,
                        "FullRepositoryId": pipeline.repository,
                        "BranchName": pipeline.branch,
                        "OutputArtifactFormat": "CODE_ZIP",
                        "DetectChanges": "true",
                    },
                    outputs=(SOURCE,),
                ),
            ),
        ),
        Stage(name="Build", actions=(_build("checks"), _build("image", outputs=(RELEASE,)))),
        Stage(name="Staging", actions=_deployment(pipeline.staging)),
        Stage(name="Load", actions=(_build("load", outputs=("load",)),)),
        Stage(
            name="Approval",
            actions=(
                Action(
                    name="Release",
                    category="Approval",
                    provider="Manual",
                    configuration={
                        "NotificationArn": approvals,
                        "CustomData": "Approve the release for production. Look at the report of the load test and at what the changelog says of migrations first.",
                        "ExternalEntityLink": f"https://{pipeline.staging.hosts.staff}",
                    },
                ),
            ),
        ),
        Stage(name="Production", actions=_deployment(pipeline.production)),
    )


def _deployment(installation: Installation) -> tuple[Action, ...]:
    """The stores are migrated by the new release while the old one serves; then its services take over; then browsers get its files."""
    return (
        _stack("Migration", installation, "migration", 1),
        _build(f"migrate-{installation.stage}", order=2),
        _stack("Services", installation, "app", 3),
        _build(f"publish-{installation.stage}", order=4),
    )


def _build(name: str, *, order: int = 1, outputs: tuple[str, ...] = ()) -> Action:
    return Action(
        name=logical_id(name),
        category="Build",
        provider="CodeBuild",
        configuration={"ProjectName": f"fincore-{name}"},
        order=order,
        inputs=(SOURCE,),
        outputs=outputs,
    )


def _stack(name: str, installation: Installation, deployed: str, order: int) -> Action:
    file = stack(installation, deployed)
    return Action(
        name=name,
        category="Deploy",
        provider="CloudFormation",
        configuration={
            "ActionMode": "CREATE_UPDATE",
            "StackName": file,
            "TemplatePath": f"{RELEASE}::{file}.json",
            "Capabilities": "CAPABILITY_NAMED_IAM",
            "RoleArn": stage_role_arn(installation, "deploy"),
            "ParameterOverrides": f'{{"Image":{{"Fn::GetParam":["{RELEASE}","image.json","Image"]}}}}',
        },
        order=order,
        inputs=(RELEASE,),
        role=stage_role_arn(installation, "release"),
    )
