"""The templates as emulators can deploy them: what each lacks or gets wrong is changed, by name, and by nothing else."""

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aws_templates.templates import template

Template = dict[str, Any]
Change = Callable[[Template], Template]


def without_types(*types: str) -> Change:
    """Leave out resources of types that an emulator does not know; references to them become texts, and what depends on them does not."""

    def change(given: Template) -> Template:
        gone = {name for name, one in given["Resources"].items() if one["Type"] in types}
        kept = {
            name: {
                **one,
                **(
                    {"DependsOn": [d for d in one["DependsOn"] if d not in gone]}
                    if "DependsOn" in one
                    else {}
                ),
            }
            for name, one in given["Resources"].items()
            if name not in gone
        }
        found: Template = replaced({**given, "Resources": kept}, lambda one: _text_of(one, gone))
        return found

    return change


def _text_of(value: Any, gone: set[str]) -> Any:
    match value:
        case {"Ref": str(name)} if name in gone:
            return f"no-{name}"
        case {"Fn::GetAtt": [str(name), str(attribute)]} if name in gone:
            return f"no-{name}-{attribute}"
    return value


def replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    """A value in which each part was handed to `replace`, from the outside in."""
    value = replace(value)
    if isinstance(value, dict):
        return {name: replaced(one, replace) for name, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, replace) for one in value]
    return value


def without_property(kind: str, *names: str) -> Change:
    """Leave out properties of a type of resource."""

    def change(given: Template) -> Template:
        found = copy.deepcopy(given)
        for one in found["Resources"].values():
            if one["Type"] == kind:
                for name in names:
                    one["Properties"].pop(name, None)
        return found

    return change


def without_stacks(*stacks: str) -> Change:
    """What these stacks export becomes an ARN of no resource: they are not in this emulator."""

    def change(given: Template) -> Template:
        found: Template = replaced(given, lambda one: _arn_of(one, stacks))
        return found

    return change


def _arn_of(value: Any, stacks: tuple[str, ...]) -> Any:
    match value:
        case {"Fn::ImportValue": str(name)} if name.partition(":")[0].rpartition("-")[2] in stacks:
            return f"arn:aws:none:eu-central-1:222222222222:{name.rpartition(':')[2]}"
    return value


def with_lists_as_networks(given: Template) -> Template:
    """Rules of security groups for a list of addresses that AWS keeps, as rules for one network."""
    found = copy.deepcopy(given)
    for one in found["Resources"].values():
        for name in ("SourcePrefixListId", "DestinationPrefixListId"):
            if one.get("Properties", {}).pop(name, None) is not None:
                one["Properties"]["CidrIp"] = LISTED
    return found


LISTED: Final = "203.0.113.0/24"


def fitted(stage: str, stack: str, changes: Mapping[str, Change], *, but: str | None = None) -> Template:
    """A template after the changes, without the one named `but`."""
    found = copy.deepcopy(template(stage, stack))
    for name, change in changes.items():
        if name != but:
            found = change(found)
    return found


IMAGE: Final = {"ParameterKey": "Image", "ParameterValue": "registry/fincore@sha256:" + 64 * "a"}


def with_tcp_as_http(given: Template) -> Template:
    """Listeners of network load balancers, as listeners of HTTP."""
    found = copy.deepcopy(given)
    for one in found["Resources"].values():
        if one["Type"] == "AWS::ElasticLoadBalancingV2::Listener" and one["Properties"]["Protocol"] == "TCP":
            one["Properties"]["Protocol"] = "HTTP"
    return found


def with_certificate(arn: str) -> Change:
    """The certificate of the load balancers as the emulator has it."""

    def change(given: Template) -> Template:
        found: Template = replaced(
            given, lambda one: arn if isinstance(one, str) and one.startswith("arn:aws:acm:") else one
        )
        return found

    return change


def with_exports(arns: Mapping[str, str]) -> Change:
    """What a stack exports of some resources, by the beginnings of their logical ids, as ARNs of parts that were made by calls."""

    def made(value: Any) -> Any:
        match value:
            case {"Fn::ImportValue": str(name)} if found := re.search(
                r"GetAtt([A-Za-z]+)[0-9A-F]{8}Arn", name
            ):
                return arns.get(found[1], value)
        return value

    def change(given: Template) -> Template:
        found: Template = replaced(given, made)
        return found

    return change


def with_network(subnets: list[str], group: str, vpc: str) -> Change:
    """What the stack `network` exports, as parts of the emulator that were made by calls."""

    def made(value: Any) -> Any:
        match value:
            case {"Fn::ImportValue": str(name)} if "GroupId" in name:
                return group
            case {"Fn::ImportValue": str(name)} if found := re.search(r"Subnet([12])Subnet", name):
                return subnets[int(found[1]) - 1]
            case {"Fn::ImportValue": str(name)} if "RefVpc" in name:
                return vpc
        return value

    def change(given: Template) -> Template:
        found: Template = replaced(given, made)
        return found

    return change
