"""The names that the pipeline's account and those of installations know each other by. They are written down: each side must name the other before it is there. Pure."""

from typing import Final, Literal

from infra.functions import ALIAS
from infra.installation import Installation

REPOSITORY: Final = "fincore"
"""The repository of images, in the pipeline's account."""
PIPELINE: Final = "fincore-pipeline"
"""The pipeline, its stack and the role that it runs as."""

StageRole = Literal["release", "deploy", "migrate", "publish"]
"""Roles in the account of an installation: the pipeline's own, CloudFormation's, and those of the two builds that do the rest."""
STAGE_ROLES: Final[tuple[StageRole, ...]] = ("release", "deploy", "migrate", "publish")
ToolsRole = Literal["checks", "image", "load"]
"""Builds that run with rights in the pipeline's account alone."""
TOOLS_ROLES: Final[tuple[ToolsRole, ...]] = ("checks", "image", "load")


def stage_role(installation: Installation, role: StageRole) -> str:
    """The name of a role in the account of an installation."""
    return f"fincore-{installation.stage}-{role}"


def stage_role_arn(installation: Installation, role: StageRole) -> str:
    """The ARN of a role in the account of an installation."""
    return f"arn:aws:iam::{installation.account}:role/{stage_role(installation, role)}"


def build_role(name: str) -> str:
    """The role that a build runs as, by the name of the build: `image`, or `migrate-staging`."""
    return f"fincore-build-{name}"


def function_name(stage: str, name: str) -> str:
    """The name of a function of Lambda."""
    return f"fincore-{stage}-{name}"


def risk_function_arn(installation: Installation) -> str:
    """What roles invoke to have a charge assessed: the alias."""
    name = function_name(installation.stage, "risk")
    return f"arn:aws:lambda:{installation.region}:{installation.account}:function:{name}:{ALIAS}"


def boundary(installation: Installation) -> str:
    """The policy that bounds what roles of a release may be given."""
    return f"fincore-{installation.stage}-boundary"


def boundary_arn(installation: Installation) -> str:
    """Its ARN."""
    return f"arn:aws:iam::{installation.account}:policy/{boundary(installation)}"


def stack(installation: Installation, name: str) -> str:
    """A stack of an installation."""
    return f"fincore-{installation.stage}-{name}"


def artifacts_bucket(account: str, region: str) -> str:
    """The bucket through which actions of the pipeline hand over files."""
    return f"fincore-pipeline-{account}-{region}"


def task_role(stage: str, name: str) -> str:
    """The role that a task runs as."""
    return f"fincore-{stage}-task-{name}"


def start_role(stage: str, name: str) -> str:
    """The role with which ECS starts a task."""
    return f"fincore-{stage}-start-{name}"


def function_role(stage: str, name: str) -> str:
    """The role that a function runs as."""
    return f"fincore-{stage}-function-{name}"


def switch_role(stage: str) -> str:
    """The role with which ECS sends requests to the tasks of a new release."""
    return f"fincore-{stage}-switch"


def released_role_names(stage: str) -> tuple[str, ...]:
    """The names of all roles that a release makes."""
    return (task_role(stage, "*"), start_role(stage, "*"), function_role(stage, "*"), switch_role(stage))


FILES: Final = ("scripts", "dashboard")
"""The buckets of public files: fincore.js, and the dashboard."""


def files_bucket(installation: Installation, kind: str) -> str:
    """The name of a bucket of public files."""
    return f"fincore-{installation.stage}-{installation.account}-{kind}"
