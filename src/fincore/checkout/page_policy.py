"""The content security policy of a page, with the place where browsers report what it kept out. Pure."""

from typing import Final

REPORTS_PATH: Final = "/v1/csp-reports"


def reported_policy(policy: str) -> tuple[tuple[str, str], ...]:
    """The headers of a page with a policy, for browsers with the Reporting API and for those without."""
    return (
        ("content-security-policy", f"{policy}; report-uri {REPORTS_PATH}; report-to csp"),
        ("reporting-endpoints", f'csp="{REPORTS_PATH}"'),
    )
