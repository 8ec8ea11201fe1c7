"""How `/staff/v1/risk_rules` is documented."""

from typing import Final

from fincore.http.openapi import READ_PROBLEMS, Content, Operation
from fincore.staff.acting import ACT_HEADERS, ACT_PARAMETERS, ACT_PROBLEMS
from fincore.staff.payment_scope import BODY_PROBLEMS
from fincore.staff.proposals.body import StaffProposalBody
from fincore.staff.risk_rules.body import (
    StaffRiskCheckBody,
    StaffRiskRulesBody,
    StaffRiskVersionBody,
    StaffRiskVersionList,
)
from fincore.staff.risk_rules.requests import (
    CHARGES_MAX,
    StaffRiskBackTestRequest,
    StaffRiskCheckRequest,
    StaffRiskDraftRequest,
    StaffRiskUseRequest,
)
from fincore.staff.risk_rules.trial_body import StaffRiskBackTestBody
from fincore.staff.rule_bodies import StaffRulesDifferenceBody
from fincore.staff.versions_path import COMPARED_WITH, VERSION

TAG: Final = "Risk"
VERSIONS_LISTED_MAX: Final = 100
EVERYWHERE: Final = "It needs the permission in both modes and for all merchants."

LIST_RISK_RULES: Final = Operation(
    operation_id="list_risk_rules",
    summary="List versions of the risk rules",
    description=f"Lists the latest {VERSIONS_LISTED_MAX} versions and changes of what each is used for. {EVERYWHERE}",
    tag=TAG,
    responses={200: Content(shape=StaffRiskVersionList, description="The versions.")},
    problems=READ_PROBLEMS,
)
GET_RISK_RULES: Final = Operation(
    operation_id="get_risk_rules",
    summary="Get a version of the risk rules",
    description=f"Returns a version with its rules in the order in which they decide. {EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION,),
    responses={200: Content(shape=StaffRiskRulesBody, description="The version.")},
    problems=(*READ_PROBLEMS, "rule_version_not_found"),
)
COMPARE_RISK_RULES: Final = Operation(
    operation_id="compare_risk_rules",
    summary="Compare two versions of the risk rules",
    description=f"Returns how a version differs from another, line by line. {EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION, COMPARED_WITH),
    responses={200: Content(shape=StaffRulesDifferenceBody, description="The difference.")},
    problems=(*READ_PROBLEMS, "rule_version_not_found"),
)
CHECK_RISK_RULES: Final = Operation(
    operation_id="check_risk_rules",
    summary="Check risk rules",
    description=f"Tells what is wrong with a text of rules, if anything. Nothing is changed. {EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRiskCheckRequest, description="The text."),
    responses={200: Content(shape=StaffRiskCheckBody, description="What was found.")},
    problems=BODY_PROBLEMS,
)
BACK_TEST_RISK_RULES: Final = Operation(
    operation_id="back_test_risk_rules",
    summary="Back-test risk rules",
    description=f"Tells what rules would have done with up to {CHARGES_MAX:,} charges of the past, and what became of these. Counters and lists are as they "
    f"stood at each charge. Nothing is changed; one back-test runs at a time, and `fincore risk test` takes any number of charges. {EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRiskBackTestRequest, description="Which rules, on which charges."),
    responses={200: Content(shape=StaffRiskBackTestBody, description="What was found.")},
    problems=(*BODY_PROBLEMS, "rule_version_not_found", "rules_not_usable"),
)
COMPARE_RISK_DECISIONS: Final = Operation(
    operation_id="compare_risk_decisions",
    summary="Compare decisions of a shadow",
    description=f"Tells what a version said in shadow of up to {CHARGES_MAX:,} charges of the past, beside what the live one decided and what became of these, as "
    f"it was recorded. Nothing is changed; one trial runs at a time. {EVERYWHERE}",
    tag=TAG,
    request_body=Content(shape=StaffRiskBackTestRequest, description="Which version, on which charges."),
    responses={200: Content(shape=StaffRiskBackTestBody, description="What was found.")},
    problems=(*BODY_PROBLEMS, "rule_version_not_found", "rules_not_usable"),
)
DRAFT_RISK_RULES: Final = Operation(
    operation_id="draft_risk_rules",
    summary="Draft risk rules",
    description=f"Checks rules and keeps them as a further version. No charge is assessed by a draft. {EVERYWHERE}",
    tag=TAG,
    parameters=ACT_PARAMETERS,
    request_body=Content(shape=StaffRiskDraftRequest, description="The rules, and why."),
    responses={
        201: Content(shape=StaffRiskVersionBody, description="The draft.", headers=ACT_HEADERS),
    },
    problems=(*ACT_PROBLEMS, "rules_not_usable"),
)
SHADOW_RISK_RULES: Final = Operation(
    operation_id="shadow_risk_rules",
    summary="Put risk rules in shadow",
    description=f"Has every charge assessed by a version beside the live one; nothing follows from what it says. {EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION, *ACT_PARAMETERS),
    request_body=Content(shape=StaffRiskUseRequest, description="Why."),
    responses={200: Content(shape=StaffRiskVersionBody, description="The version.", headers=ACT_HEADERS)},
    problems=(*ACT_PROBLEMS, "rule_version_not_found", "rules_not_usable", "rules_changed"),
)
PROPOSE_RISK_RULES: Final = Operation(
    operation_id="propose_risk_rules",
    summary="Propose live risk rules",
    description=f"Proposes that a version decide about charges. It does once a second person has agreed; the live one is retired then. {EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION, *ACT_PARAMETERS),
    request_body=Content(shape=StaffRiskUseRequest, description="Why."),
    responses={
        202: Content(
            shape=StaffProposalBody, description="It waits for a second person.", headers=ACT_HEADERS
        )
    },
    problems=(*ACT_PROBLEMS, "rule_version_not_found", "rules_changed", "act_not_possible"),
)
RETIRE_RISK_RULES: Final = Operation(
    operation_id="retire_risk_rules",
    summary="Retire risk rules",
    description=f"Takes a version in shadow out of use. For the live one it is a proposal: without it no charge is blocked or reviewed. {EVERYWHERE}",
    tag=TAG,
    parameters=(VERSION, *ACT_PARAMETERS),
    request_body=Content(shape=StaffRiskUseRequest, description="Why."),
    responses={
        200: Content(shape=StaffRiskVersionBody, description="The version.", headers=ACT_HEADERS),
        202: Content(
            shape=StaffProposalBody,
            description="It is live, and waits for a second person.",
            headers=ACT_HEADERS,
        ),
    },
    problems=(*ACT_PROBLEMS, "rule_version_not_found", "rules_changed", "act_not_possible"),
)
