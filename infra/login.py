"""The stack `login`: the user pool of staff in Cognito, with a group for each role of FinCore."""

from typing import Any, Final, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito

from infra.installation import Installation

ROLES: Final = ("viewer", "support", "finance", "admin")
_TOKEN_MINUTES: Final = 15


class Login(NamedTuple):
    """What other stacks need of this one."""

    stack: Any
    pool_id: str
    client_id: str
    domain: str


def login_stack(app: Any, name: str, installation: Installation, environment: Any) -> Login:
    """Make the stack."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    pool = cognito.UserPool(
        stack,
        "Staff",
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        mfa=cognito.Mfa.REQUIRED,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        feature_plan=cognito.FeaturePlan.PLUS,
        standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION,
        password_policy=cognito.PasswordPolicy(
            min_length=14,
            require_digits=True,
            require_lowercase=True,
            require_uppercase=True,
            require_symbols=True,
        ),
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    for role in ROLES:
        cognito.CfnUserPoolGroup(
            stack,
            f"Group{role.title()}",
            user_pool_id=pool.user_pool_id,
            group_name=role,
            description=f"FinCore: {role}",
        )
    url = f"https://{installation.hosts.staff}"
    client = pool.add_client(
        "Dashboard",
        generate_secret=False,
        prevent_user_existence_errors=True,
        access_token_validity=cdk.Duration.minutes(_TOKEN_MINUTES),
        id_token_validity=cdk.Duration.minutes(_TOKEN_MINUTES),
        refresh_token_validity=cdk.Duration.hours(10),
        enable_token_revocation=True,
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(authorization_code_grant=True),
            scopes=[cognito.OAuthScope.OPENID],
            callback_urls=[f"{url}/login/return"],
            logout_urls=[f"{url}/logged-out"],
        ),
    )
    prefix = f"fincore-{installation.stage}-{installation.account}"
    pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix))
    return Login(stack, pool.user_pool_id, client.user_pool_client_id, prefix)


def login_url(installation: Installation, login: Login) -> str:
    """Where the forms and the tokens of the pool are."""
    return f"https://{login.domain}.auth.{installation.region}.amazoncognito.com"


def login_origins(installation: Installation, login: Login) -> tuple[str, ...]:
    """The origins that the dashboard calls for a login: those of issuer and discovery, and of the pool's domain."""
    return (f"https://cognito-idp.{installation.region}.amazonaws.com", login_url(installation, login))
