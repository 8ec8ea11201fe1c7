"""How `/staff/v1/routing_rules` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.payment_scope import BODY_PROBLEMS
from fincore.staff.proposals.body import StaffProposalBody
from fincore.staff.routing_rules.body import (
    StaffRoutingCheckBody,
    StaffRoutingRulesBody,
    StaffRoutingSimulationBody,
    StaffRoutingVersionList,
)
from fincore.staff.routing_rules.requests import (
    StaffRoutingCheckRequest,
    StaffRoutingRulesRequest,
    StaffRoutingSimulationRequest,
)
from fincore.staff.rule_bodies import StaffRulesDifferenceBody
from fincore.staff.versions_path import COMPARED_WITH, VERSION

TAG: Final = "Routing"
VERSIONS_LISTED_MAX: Final = 100
_EVERYWHERE: Final = "It needs the permission in both modes and for all merchants."

LIST_ROUTING_RULES: Final = Operation(
    operation_id="list_routing_rules",
    summary="List versions of the routing rules",
    description=f"Lists the latest {VERSIONS_LISTED_MAX} versions. {_EVERYWHERE}",
    tag=TAG,
    responses={200: Content(shape=StaffRoutingVersionList, description="The versions.")},
    problems=READ_PROBLEMS,
)
GET_ROUTING_RULES: Final = Operation(
    operation_id="get_routing_rules",
    summary="Get a version of the routing rules",
    description=f"Returns a version with its rules. {_EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION,),
    responses={200: Content(shape=StaffRoutingRulesBody, description="The version.")},
    problems=(*READ_PROBLEMS, "rule_version_not_found"),
)
COMPARE_ROUTING_RULES: Final = Operation(
    operation_id="compare_routing_rules",
    summary="Compare two versions of the routing rules",
    description=f"Returns how a version differs from another, line by line. {_EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION, COMPARED_WITH),
    responses={200: Content(shape=StaffRulesDifferenceBody, description="The difference.")},
    problems=(*READ_PROBLEMS, "rule_version_not_found"),
)
CHECK_ROUTING_RULES: Final = Operation(
    operation_id="check_routing_rules",
    summary="Check routing rules",
    description=f"Tells what is wrong with a text of rules, if anything. Nothing is changed. {_EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRoutingCheckRequest, description="The text."),
    responses={200: Content(shape=StaffRoutingCheckBody, description="What was found.")},
    problems=BODY_PROBLEMS,
)
SIMULATE_ROUTING: Final = Operation(
    operation_id="simulate_routing",
    summary="Simulate the routing of a charge",
    description=f"Tells where a charge would go and why, by the live rules or by a text. Nothing is changed. {_EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRoutingSimulationRequest, description="The charge."),
    responses={200: Content(shape=StaffRoutingSimulationBody, description="Where it would go.")},
    problems=(*BODY_PROBLEMS, "currency_unknown", "rules_not_usable"),
)
PROPOSE_ROUTING_RULES: Final = Operation(
    operation_id="propose_routing_rules",
    summary="Propose routing rules",
    description="Checks rules and proposes that they be live: they count for charges accepted after a second person has agreed. They are refused then if "
    f"another version became live meanwhile. {_EVERYWHERE}",
    tag=TAG,
    parameters=ACT_PARAMETERS,
    request_body=Content(shape=StaffRoutingRulesRequest, description="The rules, and why."),
    responses={
        202: Content(
            shape=StaffProposalBody, description="They wait for a second person.", headers=ACT_HEADERS
        )
    },
    problems=(*ACT_PROBLEMS, "rules_not_usable", "rules_changed", "act_not_possible"),
)
