"""The stack `delivery`: CloudFront for customers' pages with fincore.js, and for the dashboard; their files in S3, the rest from the network."""

from collections.abc import Mapping
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins

from infra.buckets import access_logs, bucket
from infra.headers import page_function, served_headers
from infra.installation import Installation
from infra.login import Login, login_origins
from infra.pipeline_names import FILES, files_bucket

READ_SECONDS: Final = 40
"""Above the 35 s that an answer may take."""
_SECURITY: Final = {
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
}
"""Headers that a policy has fields for; others are custom headers."""


def delivery_stack(
    app: Any, name: str, installation: Installation, environment: Any, *, inner: Any, login: Login
) -> Any:
    """Make the stack. `inner`: the load balancer that CloudFront alone reaches."""
    stack = cdk.Stack(app, name, env=environment, synthesizer=cdk.BootstraplessSynthesizer())
    policies = {
        kind: _policy(stack, installation, kind, headers)
        for kind, headers in served_headers(installation, login_origins(installation, login)).items()
    }
    certificate = acm.Certificate.from_certificate_arn(
        stack, "Certificate", installation.certificates.cloudfront
    )
    logs = access_logs(stack, "Access")
    screens = cloudfront.Function(
        stack,
        "Screens",
        comment="FinCore: each address of a screen is the page of the dashboard",
        code=cloudfront.FunctionCode.from_inline(page_function()),
        runtime=cloudfront.FunctionRuntime.JS_2_0,
    )

    def from_network(host: str) -> Any:
        return cloudfront.BehaviorOptions(
            origin=origins.VpcOrigin.with_application_load_balancer(
                inner,
                domain_name=host,
                https_port=443,
                protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                read_timeout=cdk.Duration.seconds(READ_SECONDS),
                vpc_origin_name=f"fincore-{installation.stage}-{host.split('.', maxsplit=1)[0]}",
            ),
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            compress=False,
        )

    def from_bucket(bucket: Any, kind: str, *, is_kept: bool, function: Any = None) -> Any:
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(bucket),
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED
            if is_kept
            else cloudfront.CachePolicy.CACHING_DISABLED,
            response_headers_policy=policies[kind],
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            compress=True,
            function_associations=[]
            if function is None
            else [
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST, function=function
                )
            ],
        )

    def distribution(part: str, host: str, default: Any, others: Mapping[str, Any]) -> None:
        made = cloudfront.Distribution(
            stack,
            part,
            comment=f"FinCore: {host}",
            domain_names=[host],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=default,
            additional_behaviors=others,
            log_bucket=logs,
            log_file_prefix=f"{part.lower()}/",
        )
        cdk.CfnOutput(
            stack,
            f"{part}Address",
            description=f"What {host} must be an alias of.",
            value=made.distribution_domain_name,
        )

    scripts, dashboard = (
        _files(stack, name, files_bucket(installation, kind), logs)
        for kind, name in zip(FILES, ("Scripts", "DashboardFiles"), strict=True)
    )
    distribution(
        "Pages",
        installation.hosts.pay,
        from_network(installation.hosts.pay),
        {
            "/js/v*/*": from_bucket(scripts, "evergreen", is_kept=True),
            "/js/*": from_bucket(scripts, "fixed", is_kept=True),
        },
    )
    distribution(
        "Dashboard",
        installation.hosts.staff,
        from_bucket(dashboard, "page", is_kept=False, function=screens),
        {
            "/assets/*": from_bucket(dashboard, "assets", is_kept=True),
            "/staff/*": from_network(installation.hosts.staff),
            "/dashboard/*": from_network(installation.hosts.staff),
        },
    )
    for output, files in {"ScriptsBucket": scripts, "DashboardBucket": dashboard}.items():
        cdk.CfnOutput(stack, output, value=files.bucket_name)
    return stack


def _files(stack: Any, name: str, bucket_name: str, logs: Any) -> Any:
    """A bucket of public files, which CloudFront alone reads. They are in FinCore's package, too: nothing of them is secret."""
    return bucket(
        stack,
        name,
        bucket_name=bucket_name,
        old_versions_days=90,
        server_access_logs_bucket=logs,
        server_access_logs_prefix=f"{name.lower()}/",
    )


def _policy(stack: Any, installation: Installation, kind: str, headers: Mapping[str, str]) -> Any:
    """A response headers policy that sends these headers in place of any that the origin has."""
    age = headers["strict-transport-security"].removeprefix("max-age=")
    frame = headers.get("x-frame-options")
    return cloudfront.ResponseHeadersPolicy(
        stack,
        f"{kind.title()}Headers",
        response_headers_policy_name=f"fincore-{installation.stage}-{kind}",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=headers["content-security-policy"], override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=cdk.Duration.seconds(int(age)), include_subdomains=False, override=True
            ),
            frame_options=None
            if frame is None
            else cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=header, value=value, override=True)
                for header, value in sorted(headers.items())
                if header not in _SECURITY
            ]
        ),
        remove_headers=["Server"],
    )
