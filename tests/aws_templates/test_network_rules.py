"""The security groups of the templates: one rule for each side of each arrow, and no other."""

from typing import Any, Final

import pytest
from infra.arrows import CLOUDFRONT, DYNAMODB, INTERNET, OUTSIDE, S3, Arrow, arrows
from infra.roles import DEPLOYED

from aws_templates.templates import INSTALLATIONS, Place, place, resources
from fincore.bootstrap.roles import STORES_OF_ROLE

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
NETWORK: Final = "network"


def group_names(stage: str) -> dict[str, str]:
    """The name of each security group in the arrows, by its place."""
    return {
        f"{where.stack}/{where.name}": str(one["GroupDescription"]).removeprefix("FinCore: ")
        for where, one in resources(stage, "AWS::EC2::SecurityGroup")
    }


def other_end(stage: str, rule: dict[str, Any], side: str) -> str:
    """What a rule allows connections from or to."""
    lists = INSTALLATIONS[stage].prefix_lists
    if rule.get("CidrIp") == "0.0.0.0/0":
        return INTERNET
    if (found := rule.get(f"{side}PrefixListId")) is not None:
        return {lists.s3: S3, lists.dynamodb: DYNAMODB, lists.cloudfront: CLOUDFRONT}[found]
    return group_names(stage)[place(stage, NETWORK, rule[f"{side}SecurityGroupId"])]


def allowed(stage: str, kind: str, side: str) -> list[tuple[str, str, int]]:
    """(group, other end, port) of every rule of a kind."""
    names = group_names(stage)
    found = []
    for _, rule in resources(stage, kind):
        assert (rule["IpProtocol"], rule["FromPort"]) == ("tcp", rule["ToPort"])
        found.append(
            (names[place(stage, NETWORK, rule["GroupId"])], other_end(stage, rule, side), rule["FromPort"])
        )
    return sorted(found)


@stages
def test_rules_into_groups_are_the_arrows(stage: str) -> None:
    wanted = sorted((one.target, one.source, one.port) for one in arrows() if one.target not in OUTSIDE)
    assert allowed(stage, "AWS::EC2::SecurityGroupIngress", "Source") == wanted


@stages
def test_rules_out_of_groups_are_the_arrows(stage: str) -> None:
    wanted = sorted((one.source, one.target, one.port) for one in arrows() if one.source not in OUTSIDE)
    assert allowed(stage, "AWS::EC2::SecurityGroupEgress", "Destination") == wanted


@stages
def test_groups_hold_no_rules_of_their_own(stage: str) -> None:
    """A group that allows nothing out has one rule that leads to no address."""
    for where, one in resources(stage, "AWS::EC2::SecurityGroup"):
        assert "SecurityGroupIngress" not in one, where
        assert [rule["CidrIp"] for rule in one["SecurityGroupEgress"]] == ["255.255.255.255/32"], where


@stages
def test_other_stacks_have_no_groups_and_no_rules(stage: str) -> None:
    kinds = ("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
    places = [where for kind in kinds for where, _ in resources(stage, kind)]
    assert {where.stack for where in places} == {NETWORK}


def test_arrows_to_databases_are_those_of_the_roles() -> None:
    for role in DEPLOYED:
        reached = {one.target for one in arrows() if one.source == role and one.port == 5432}
        assert STORES_OF_ROLE[role].keys() <= reached
    assert "ledgerdb" not in {one.target for one in arrows() if one.source == "worker"}


def test_internet_reaches_load_balancers_alone() -> None:
    assert [one for one in arrows() if one.source == INTERNET] == [
        Arrow(INTERNET, "api-balancer", 443, "requests of merchants, webhooks of PSPs"),
        Arrow(INTERNET, "cards-balancer", 443, "requests with card numbers, encrypted up to the card edge"),
    ]


@stages
def test_databases_and_cache_have_no_route_to_the_internet(stage: str) -> None:
    isolated = {
        where.name
        for where, one in resources(stage, "AWS::EC2::Subnet")
        if {"Key": "aws-cdk:subnet-name", "Value": "data"} in one["Tags"]
    }
    routed = {
        association["SubnetId"]["Ref"]: association["RouteTableId"]["Ref"]
        for _, association in resources(stage, "AWS::EC2::SubnetRouteTableAssociation")
    }
    tables_with_routes = {one["RouteTableId"]["Ref"] for _, one in resources(stage, "AWS::EC2::Route")}
    assert len(isolated) == len(INSTALLATIONS[stage].zones)
    assert {routed[one] for one in isolated} & tables_with_routes == set()


@stages
def test_each_nat_gateway_has_an_address_that_stays(stage: str) -> None:
    addresses = dict(resources(stage, "AWS::EC2::EIP"))
    gateways = [one for _, one in resources(stage, "AWS::EC2::NatGateway")]
    used = {Place(NETWORK, one["AllocationId"]["Fn::GetAtt"][0]) for one in gateways}
    assert used == addresses.keys()
    assert len(gateways) == INSTALLATIONS[stage].sized.nat_gateways
