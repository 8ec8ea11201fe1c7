"""What becomes of a charge that rules could not decide about. Pure."""

from typing import Literal

FailureMode = Literal["open", "review", "closed"]
"""The charge goes on, is held for staff, or is blocked."""
