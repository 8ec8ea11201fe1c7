"""The stack `permissions`: the roles that the pipeline takes in the account of an installation, and the boundary of what releases may give. People deploy it."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra.installation import Installation
from infra.pipeline_names import boundary, stage_role
from infra.release_rights import bounds, callers, documents, stage_rights


def permissions_stack(app: Any, name: str, installation: Installation, environment: Any) -> Any:
    """Make the stack."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    iam.CfnManagedPolicy(
        stack,
        "Boundary",
        managed_policy_name=boundary(installation),
        description="FinCore: what roles of a release may be given at most",
        policy_document=documents(bounds()),
    )
    calls = callers(installation)
    for role, statements in stage_rights(installation).items():
        iam.CfnRole(
            stack,
            role.title(),
            role_name=stage_role(installation, role),
            description=f"FinCore: the pipeline's role {role}",
            assume_role_policy_document={
                "Version": "2012-10-17",
                "Statement": [_trusts(calls[role], installation.tools_account)],
            },
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="rights", policy_document=documents(statements))
            ],
        )
    return stack


def _trusts(caller: str, account: str) -> dict[str, Any]:
    """Who takes a role. A role of another account is named by a condition: as a principal it would have to be there first."""
    if caller.endswith(".amazonaws.com"):
        return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": caller}}
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": caller}},
    }
