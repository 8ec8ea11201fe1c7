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


class Place(NamedTuple):
    """A resource: its stack, such as `data`, and its logical id."""

    stack: str
    name: str


@cache
def template(stage: str, stack: str) -> dict[str, Any]:
    """A template."""
    found: dict[str, Any] = json.loads((TEMPLATES / f"fincore-{stage}-{stack}.json").read_text())
    return found


@cache
def stacks(stage: str) -> tuple[str, ...]:
    """The stacks of a stage that are in the repository."""
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


def statements(stage: str, stack: str, role: str) -> Iterator[Statement]:
    """The statements of all policies of a role, by its logical id."""
    for where, properties in resources(stage, "AWS::IAM::Policy"):
        if where.stack == stack and {"Ref": role} in properties.get("Roles", []):
            for one in properties["PolicyDocument"]["Statement"]:
                yield Statement(
                    one["Effect"],
                    tuple(listed(one["Action"])),
                    tuple(place(stage, stack, resource) for resource in listed(one["Resource"])),
                    one.get("Condition", {}),
                )


def may(stage: str, role: str, action: str, resource: str, *, via: str = "", stack: str = "app") -> bool:
    """Whether a role may do something: some statement allows it and none denies it. `via`: the service that asks in its name."""
    effects = {
        one.effect
        for one in statements(stage, stack, role)
        if any(fnmatchcase(action, pattern) for pattern in one.actions)
        and any(fnmatchcase(resource, pattern) for pattern in one.resources)
        and _holds(one.conditions, via)
    }
    return effects == {"Allow"}


def _holds(conditions: Mapping[str, Any], via: str) -> bool:
    return all(
        operator == "StringEquals"
        and wanted.keys() == {"kms:ViaService"}
        and via in listed(wanted["kms:ViaService"])
        for operator, wanted in conditions.items()
    )


class Task(NamedTuple):
    """The task of a role or of the migration: its definition, its containers by name, its two roles."""

    definition: Mapping[str, Any]
    containers: Mapping[str, Mapping[str, Any]]
    runs_as: str
    starts_as: str


@cache
def tasks(stage: str) -> Mapping[str, Task]:
    """Every task by its name."""
    prefix = f"fincore-{stage}-"
    return {
        str(one["Family"]).removeprefix(prefix): Task(
            one,
            {container["Name"]: container for container in one["ContainerDefinitions"]},
            _referred(one["TaskRoleArn"]),
            _referred(one["ExecutionRoleArn"]),
        )
        for _, one in resources(stage, "AWS::ECS::TaskDefinition")
    }


@cache
def secrets(stage: str) -> Mapping[str, str]:
    """The place of each secret, by the setting or variable that it holds."""
    return {
        str(one["Name"]).rpartition("/")[2]: f"{where.stack}/{where.name}"
        for where, one in resources(stage, "AWS::SecretsManager::Secret")
    }
