"""What the templates rely on in the image. Pure."""

from typing import Final

CERTIFICATES: Final = "/etc/fincore/rds.pem"
"""Where the certificates of the authorities of RDS are."""
USER: Final = "10001:10001"
"""The user and group that it runs as."""
