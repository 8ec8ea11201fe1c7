"""The version of FinCore that runs."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("fincore-payments")
