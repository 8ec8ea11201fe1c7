"""The web application firewall in front of a load balancer: AWS's lists of known attacks, and a bound on requests of one address."""

from typing import Any, Final

from aws_cdk import aws_wafv2 as waf

REQUESTS_MAX: Final = {False: 200_000, True: 10_000}
"""Requests of one address in five minutes: of back ends of merchants, and of browsers (true). FinCore bounds keys and addresses itself."""
LISTS: Final = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)


def firewall(stack: Any, name: str, front: Any, *, is_behind_cloudfront: bool) -> None:
    """Make it, and put it in front. Bodies are not looked at: a body of JSON holds what customers wrote, and is checked by FinCore."""
    made = waf.CfnWebACL(
        stack,
        name,
        scope="REGIONAL",
        default_action=waf.CfnWebACL.DefaultActionProperty(allow=waf.CfnWebACL.AllowActionProperty()),
        visibility_config=_visible(name),
        rules=[
            waf.CfnWebACL.RuleProperty(
                name="rate",
                priority=0,
                action=waf.CfnWebACL.RuleActionProperty(
                    block=waf.CfnWebACL.BlockActionProperty(
                        custom_response=waf.CfnWebACL.CustomResponseProperty(response_code=429)
                    )
                ),
                visibility_config=_visible(f"{name}Rate"),
                statement=waf.CfnWebACL.StatementProperty(
                    rate_based_statement=_rate(is_behind_cloudfront=is_behind_cloudfront)
                ),
            ),
            *(
                waf.CfnWebACL.RuleProperty(
                    name=group,
                    priority=number,
                    override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
                    visibility_config=_visible(f"{name}{group}"),
                    statement=waf.CfnWebACL.StatementProperty(
                        managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                            vendor_name="AWS", name=group
                        )
                    ),
                )
                for number, group in enumerate(LISTS, start=1)
            ),
        ],
    )
    waf.CfnWebACLAssociation(
        stack, f"{name}Association", resource_arn=front.load_balancer_arn, web_acl_arn=made.attr_arn
    )


def _rate(*, is_behind_cloudfront: bool) -> Any:
    if not is_behind_cloudfront:
        return waf.CfnWebACL.RateBasedStatementProperty(aggregate_key_type="IP", limit=REQUESTS_MAX[False])
    return waf.CfnWebACL.RateBasedStatementProperty(
        aggregate_key_type="FORWARDED_IP",
        limit=REQUESTS_MAX[True],
        forwarded_ip_config=waf.CfnWebACL.ForwardedIPConfigurationProperty(
            header_name="X-Forwarded-For", fallback_behavior="MATCH"
        ),
    )


def _visible(name: str) -> Any:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
