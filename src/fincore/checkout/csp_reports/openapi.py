"""How /v1/csp-reports is documented."""

from typing import Final

from fincore.http.openapi import Content, Operation

REPORT_VIOLATIONS: Final = Operation(
    operation_id="report_violations",
    summary="Report violations of a policy",
    description="For browsers only, which send reports by themselves: of the Reporting API (`application/reports+json`) or of CSP Level 2 "
    "(`application/csp-report`).",
    tag="Customers",
    is_authenticated=False,
    request_body=Content(shape={"type": ["array", "object"]}, media_type="application/reports+json"),
    responses={204: Content(shape=None, description="The reports were counted.")},
    problems=("json_invalid", "media_type_unsupported", "body_too_large", "rate_limited"),
)
