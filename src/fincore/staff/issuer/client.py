"""The one client of the built-in issuer: the dashboard, and the addresses at which it may be called back. Pure."""

from typing import Final

import msgspec

CLIENT_ID: Final = "fincore-dashboard"
ISSUER_PATH: Final = "/issuer"


class IssuerClient(msgspec.Struct, frozen=True, kw_only=True):
    """The dashboard at `staff_url`, and the issuer beside it. Addresses are compared as a whole."""

    staff_url: str

    @property
    def issuer(self) -> str:
        """The issuer as tokens name it."""
        return f"{self.staff_url}{ISSUER_PATH}"

    @property
    def redirect_uri(self) -> str:
        """Where a login leads back to."""
        return f"{self.staff_url}/login/return"

    @property
    def logout_uri(self) -> str:
        """Where a logout leads to."""
        return f"{self.staff_url}/logged-out"
