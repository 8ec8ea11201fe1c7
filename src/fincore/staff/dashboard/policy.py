"""The content security policy of the dashboard. Pure."""

from collections.abc import Iterable


def dashboard_policy(issuer_origins: Iterable[str]) -> str:
    """No inline code, no code from strings, nothing of another site but calls of the issuer, where that has an origin of its own."""
    connect = " ".join(("'self'", *sorted(issuer_origins)))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
