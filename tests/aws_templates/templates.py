"""The templates in `infra/templates`, read; and what their policies allow, as IAM evaluates them."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, NamedTuple

from infra.installation import Installation, read_installation
from infra.sources import EXAMPLES, TEMPLATES

INSTALLATIONS: Final[Mapping[str, Installation]] = {
    one.stage: one for one in map(read_installation, EXAMPLES)
}


PIPELINE: Final = "pipeline"
"""In place of a stage: the account of the pipeline, with a stack of the same name."""


class Place(NamedTuple):
    """A resource: its stack, such as `data`, and its logical id."""

    stack: str
    name: str


@cache
def template(stage: str, stack: str) -> dict[str, Any]:
    """A template."""
    name = "fincore-pipeline" if stage == PIPELINE else f"fincore-{stage}-{stack}"
    found: dict[str, Any] = json.loads((TEMPLATES / f"{name}.json").read_text())
    return found


@cache
def stacks(stage: str) -> tuple[str, ...]:
    """The stacks of a stage that are in the repository."""
    if stage == PIPELINE:
        return (PIPELINE,)
    prefix = f"fincore-{stage}-"
    return tuple(sorted(path.stem.removeprefix(prefix) for path in TEMPLATES.glob(f"{prefix}*.json")))


def resources(stage: str, kind: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The properties of each resource of a type, in all stacks."""
    for stack in stacks(stage):
        for name, one in template(stage, stack)["Resources"].items():
            if one["Type"] == kind:
                yield Place(stack, name), one.get("Properties", {})


@cache
def exports(stage: str) -> Mapping[str, Place]:
    """What stacks give to others, by the name of the export."""
    return {
        output["Export"]["Name"]: Place(stack, _referred(output["Value"]))
        for stack in stacks(stage)
        for output in template(stage, stack).get("Outputs", {}).values()
        if "Export" in output
    }


def _referred(value: Any) -> str:
    return str(value["Ref"]) if "Ref" in value else str(value["Fn::GetAtt"][0])


def place(stage: str, stack: str, value: Any) -> str:
    """The resource that a value of a template refers to, as `stack/id` with what is joined to it; a text as it is."""
    match value:
        case str():
            return value
        case {"Fn::ImportValue": str(name)}:
            found = exports(stage)[name]
            return f"{found.stack}/{found.name}"
        case {"Ref": _} | {"Fn::GetAtt": _}:
            return f"{stack}/{_referred(value)}"
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(place(stage, stack, part) for part in parts)
    raise AssertionError(value)


def listed(value: Any) -> list[Any]:
    """A value of a policy, which may be one or several."""
    return value if isinstance(value, list) else [value]


class Statement(NamedTuple):
    """A statement of a policy of a role."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]


def statements(stage: str, role: Place) -> Iterator[Statement]:
    """The statements of all policies of a role: those in the role, and those beside it."""
    for where, properties in resources(stage, "AWS::IAM::Policy"):
        if where.stack == role.stack and {"Ref": role.name} in properties.get("Roles", []):
            yield from _of_document(stage, role.stack, properties["PolicyDocument"])
    for inline in _role(stage, role).get("Policies", []):
        yield from _of_document(stage, role.stack, inline["PolicyDocument"])


def _role(stage: str, role: Place) -> Mapping[str, Any]:
    found: Mapping[str, Any] = template(stage, role.stack)["Resources"][role.name]["Properties"]
    return found


def _of_document(stage: str, stack: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for one in document["Statement"]:
        yield Statement(
            one["Effect"],
            tuple(listed(one["Action"])),
            tuple(place(stage, stack, resource) for resource in listed(one["Resource"])),
            one.get("Condition", {}),
        )


def may(
    stage: str,
    role: Place,
    action: str,
    resource: str,
    *,
    via: str = "",
    context: Mapping[str, str] | None = None,
) -> bool:
    """Whether a role may do something: some statement allows it, none denies it, and its boundary, if it has one, allows it as well.

    `via`: the service that asks in its name. `context`: the keys of conditions that the request has.
    """
    asked = {**(context or {}), **({"kms:ViaService": via} if via else {})}
    bounding = _role(stage, role).get("PermissionsBoundary")
    return _decides(statements(stage, role), action, resource, asked) and (
        bounding is None or _decides(_bounds(stage, str(bounding)), action, resource, asked)
    )


def _bounds(stage: str, arn: str) -> Iterator[Statement]:
    for where, one in resources(stage, "AWS::IAM::ManagedPolicy"):
        if arn.endswith(f":policy/{one['ManagedPolicyName']}"):
            yield from _of_document(stage, where.stack, one["PolicyDocument"])


def _decides(found: Iterator[Statement], action: str, resource: str, asked: Mapping[str, str]) -> bool:
    effects = {
        one.effect
        for one in found
        if any(fnmatchcase(action, pattern) for pattern in one.actions)
        and any(fnmatchcase(resource, pattern) for pattern in one.resources)
        and conditions_hold(one.conditions, asked)
    }
    return effects == {"Allow"}


def conditions_hold(conditions: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    """Whether a request fulfils each condition: a key that it does not have fulfils none."""
    for operator, wanted in conditions.items():
        assert operator in {"StringEquals", "ArnEquals", "ArnLike"}, operator
        for key, values in wanted.items():
            if key not in asked or not any(fnmatchcase(asked[key], str(value)) for value in listed(values)):
                return False
    return True


class Task(NamedTuple):
    """The task of a role or of the migration: its definition, its containers by name, its two roles."""

    definition: Mapping[str, Any]
    containers: Mapping[str, Mapping[str, Any]]
    runs_as: Place
    starts_as: Place


@cache
def tasks(stage: str) -> Mapping[str, Task]:
    """Every task by its name."""
    prefix = f"fincore-{stage}-"
    return {
        str(one["Family"]).removeprefix(prefix): Task(
            one,
            {container["Name"]: container for container in one["ContainerDefinitions"]},
            Place(where.stack, _referred(one["TaskRoleArn"])),
            Place(where.stack, _referred(one["ExecutionRoleArn"])),
        )
        for where, one in resources(stage, "AWS::ECS::TaskDefinition")
    }


class Lambda(NamedTuple):
    """A function: its properties, and its role."""

    properties: Mapping[str, Any]
    runs_as: Place


@cache
def functions(stage: str) -> Mapping[str, Lambda]:
    """Every function by its name."""
    prefix = f"fincore-{stage}-"
    return {
        str(one["FunctionName"]).removeprefix(prefix): Lambda(one, Place(where.stack, _referred(one["Role"])))
        for where, one in resources(stage, "AWS::Lambda::Function")
    }


@cache
def secrets(stage: str) -> Mapping[str, str]:
    """The place of each secret, by the setting or variable that it holds."""
    return {
        str(one["Name"]).rpartition("/")[2]: f"{where.stack}/{where.name}"
        for where, one in resources(stage, "AWS::SecretsManager::Secret")
    }
