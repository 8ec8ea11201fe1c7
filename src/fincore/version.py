"""The version of FinCore that runs: the one that its package was installed with."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("fincore-payments")
