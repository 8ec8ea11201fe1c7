"""The builds of the pipeline: what each is given, and how long it may take. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from infra.pipeline_names import REPOSITORY, StageRole, stack, stage_role_arn
from infra.pipeline_settings import Pipeline
from infra.sources import BUILDS

IMAGE: Final = "aws/codebuild/standard:7.0"
"""What builds run in: Ubuntu with Python, Node.js, Docker and AWS's command line."""
BOTOCORE: Final = "1.43.106"
"""With which migrations are started; the version of `uv.lock`."""
_SMALL: Final = "BUILD_GENERAL1_SMALL"
_LARGE: Final = "BUILD_GENERAL1_LARGE"


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A build. `script`: its buildspec; `runs_docker`: with the rights of root over its own machine, which Docker needs."""

    name: str
    script: str
    environment: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}
    minutes_max: int
    size: str = _SMALL
    runs_docker: bool = False

    @property
    def buildspec(self) -> str:
        """The text of its buildspec. It is in the template: a change of it is deployed by people, not by a commit."""
        return (BUILDS / f"{self.script}.yml").read_text()


def build_projects(pipeline: Pipeline, load_key: str) -> tuple[Build, ...]:
    """Every build. `load_key`: the secret with the key of test mode with which the load test pays."""
    registry = f"{pipeline.account}.dkr.ecr.{pipeline.region}.amazonaws.com"
    found = [
        Build(name="checks", script="checks", minutes_max=90, size=_LARGE),
        Build(
            name="image",
            script="image",
            environment={
                "BASE": pipeline.base_image,
                "REPOSITORY": f"{registry}/{REPOSITORY}",
                "FOLDER": pipeline.folder,
            },
            minutes_max=60,
            size="BUILD_GENERAL1_MEDIUM",
            runs_docker=True,
        ),
        Build(
            name="load",
            script="load",
            environment={
                "URL": f"https://{pipeline.staging.hosts.api}",
                "RATE": str(pipeline.load_test.rate),
                "SECONDS_OF_LOAD": str(pipeline.load_test.seconds),
            },
            secrets={"FINCORE_LOAD_API_KEY": load_key},
            minutes_max=30 + pipeline.load_test.seconds // 60,
            size=_LARGE,
        ),
    ]
    for installation in pipeline.installations:
        of_stage: tuple[tuple[StageRole, str, int], ...] = (
            ("migrate", "migration", 130),
            ("publish", "delivery", 20),
        )
        for role, deployed, minutes in of_stage:
            found.append(
                Build(
                    name=f"{role}-{installation.stage}",
                    script=role,
                    environment={
                        "ROLE": stage_role_arn(installation, role),
                        "STACK": stack(installation, deployed),
                        **({"BOTOCORE": BOTOCORE} if role == "migrate" else {}),
                    },
                    minutes_max=minutes,
                )
            )
    return tuple(found)
