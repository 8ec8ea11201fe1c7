"""What CloudFront serves in FinCore's place has the headers that FinCore itself sends, and is found at the same addresses."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, Final

import pytest
from infra.headers import OF_THE_SERVER, page_function

from aws_templates.templates import INSTALLATIONS, resources, template
from aws_templates.test_tasks import environment
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.staff_issuer import dashboard_configuration, issuer_origins
from fincore.checkout.address_limit import AddressLimit
from fincore.checkout.js.handlers import PATH, Scripts
from fincore.checkout.security_headers import security_headers as checkout_headers
from fincore.staff.dashboard.handlers import ASSET_PATH, CONFIGURATION_PATH, PAGE_PATHS, Dashboard
from fincore.staff.security_headers import security_headers as staff_headers

stages = pytest.mark.parametrize("stage", INSTALLATIONS)
NAMES: Final = {
    "ContentSecurityPolicy": "content-security-policy",
    "ContentTypeOptions": "x-content-type-options",
    "FrameOptions": "x-frame-options",
    "ReferrerPolicy": "referrer-policy",
    "StrictTransportSecurity": "strict-transport-security",
}


def sent(stage: str, kind: str) -> dict[str, str]:
    """The headers that CloudFront sends by the policy of a kind of file, each in place of what the origin says."""
    name = f"fincore-{stage}-{kind}"
    (policy,) = (
        one["ResponseHeadersPolicyConfig"]
        for _, one in resources(stage, "AWS::CloudFront::ResponseHeadersPolicy")
        if one["ResponseHeadersPolicyConfig"]["Name"] == name
    )
    security = policy["SecurityHeadersConfig"]
    found = {NAMES[field]: _value(field, one) for field, one in security.items()}
    custom = policy["CustomHeadersConfig"]["Items"]
    assert all(one["Override"] for one in (*security.values(), *custom))
    return found | {one["Header"].lower(): one["Value"] for one in custom}


def _value(field: str, one: Mapping[str, Any]) -> str:
    match field:
        case "ContentTypeOptions":
            return "nosniff"
        case "StrictTransportSecurity":
            assert not one.get("IncludeSubdomains")
            assert not one.get("Preload")
            return f"max-age={one['AccessControlMaxAgeSec']}"
        case "FrameOptions":
            return str(one["FrameOption"])
    return str(one[field])


class AskedFile:
    """A call for a file, by a browser that takes it plain and has none."""

    def __init__(self, **parameters: str) -> None:
        self._parameters = parameters

    def path_parameter(self, name: str) -> str:
        return self._parameters[name]

    def header_values(self, _: bytes) -> tuple[str, ...]:
        return ()


class Unlimited(AddressLimit):
    """Every address may ask."""

    def __init__(self) -> None:
        pass

    def admit(self, _: Any) -> None:
        pass


def whole(headers: tuple[tuple[str, str], ...], defaults: Mapping[str, str]) -> dict[str, str]:
    """What a browser gets from FinCore: the headers of the answer, and those of the server that it does not have."""
    found = {**defaults, **dict(headers)}
    return {name: value for name, value in found.items() if name not in OF_THE_SERVER}


@stages
async def test_dashboard_has_the_headers_of_the_role(stage: str) -> None:
    settings = read_settings(environment(stage, "staff"))
    assert settings.staff_issuer is not None
    dashboard = Dashboard(
        dashboard_configuration(settings), issuer_origins=issuer_origins(settings, settings.staff_issuer)
    )
    defaults = staff_headers(settings.staff_url)
    page = await dashboard.page(AskedFile())  # type: ignore[arg-type]
    assert sent(stage, "page") == whole(page.headers, defaults)
    (file, *_) = dashboard._assets
    asset = await dashboard.asset(AskedFile(file=file))  # type: ignore[arg-type]
    assert sent(stage, "assets") == whole(asset.headers, defaults)


@stages
@pytest.mark.parametrize(("version", "kind"), [("v1", "evergreen"), ("1.0.0", "fixed")])
async def test_scripts_have_the_headers_of_the_role(stage: str, version: str, kind: str) -> None:
    defaults = checkout_headers(f"https://{INSTALLATIONS[stage].hosts.pay}")
    file = await Scripts(limit=Unlimited()).get(AskedFile(version=version, file="fincore.js"))  # type: ignore[arg-type]
    assert sent(stage, kind) == whole(file.headers, defaults)


def behaviours(stage: str, part: str) -> dict[str, dict[str, Any]]:
    """The behaviours of a distribution by their patterns; `*` is the default one."""
    (configuration,) = (
        one["DistributionConfig"]
        for where, one in resources(stage, "AWS::CloudFront::Distribution")
        if where.name.startswith(part)
    )
    kinds = {origin["Id"]: "S3OriginConfig" in origin for origin in configuration["Origins"]}
    found = [("*", configuration["DefaultCacheBehavior"])] + [
        (one["PathPattern"], one) for one in configuration["CacheBehaviors"]
    ]
    return {pattern: {**one, "is_file": kinds[one["TargetOriginId"]]} for pattern, one in found}


@stages
def test_files_come_from_buckets_and_all_else_from_roles(stage: str) -> None:
    pages, dashboard = behaviours(stage, "Pages"), behaviours(stage, "Dashboard")
    assert {pattern: one["is_file"] for pattern, one in pages.items()} == {
        "*": False,
        "/js/v*/*": True,
        "/js/*": True,
    }
    assert {pattern: one["is_file"] for pattern, one in dashboard.items()} == {
        "*": True,
        "/assets/*": True,
        "/staff/*": False,
        "/dashboard/*": False,
    }
    for one in (*pages.values(), *dashboard.values()):
        assert one["ViewerProtocolPolicy"] == "https-only"
        # What a role answers is passed on as it is: it has its own headers.
        assert ("ResponseHeadersPolicyId" in one) == one["is_file"]


def test_patterns_are_those_of_the_roles_addresses() -> None:
    assert PATH.startswith("/js/")
    assert ASSET_PATH.startswith("/assets/")
    assert CONFIGURATION_PATH.startswith("/dashboard/")


@stages
def test_buckets_of_files_are_read_by_cloudfront_alone(stage: str) -> None:
    allowing = [
        statement["Principal"]
        for where, policy in resources(stage, "AWS::S3::BucketPolicy")
        if where.name.startswith(("Scripts", "DashboardFiles"))
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert allowing == [{"Service": "cloudfront.amazonaws.com"}] * len(allowing)
    assert len(allowing) >= 2


def test_function_sends_addresses_of_screens_to_the_page() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is missing")
    screens = [path.replace("{part_", "part-").replace("}", "") for path in PAGE_PATHS]
    others = [
        "/index.html",
        "/assets/index.js",
        "/test/a/b/c/d/e",
        "/tests",
        "/live/",
        "/login",
        "//test",
        "/robots.txt",
        "/test/../staff/v1/me/x/y",
    ]
    script = (
        f"{page_function()}\nvar asked = {json.dumps([*screens, *others])};"
        "console.log(JSON.stringify(asked.map(function (uri) { return handler({request: {uri: uri}}).uri; })));"
    )
    done = subprocess.run([node, "-e", script], check=True, capture_output=True, text=True)
    answered = json.loads(done.stdout)
    assert answered[: len(screens)] == ["/index.html"] * len(screens)
    assert answered[len(screens) :] == ["/no-such-page", *others[1:]]


@stages
def test_function_in_the_template_is_the_one_tested(stage: str) -> None:
    (function,) = (one for _, one in resources(stage, "AWS::CloudFront::Function"))
    assert function["FunctionCode"] == page_function()
    assert len(page_function()) < 10_000
    assert "Outputs" in template(stage, "delivery")
