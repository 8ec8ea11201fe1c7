"""The style of the page: one file of this package, at an address that changes with its content."""

import hashlib
from importlib.resources import files
from typing import Final

from fincore.domain.checkout_page import CHECKOUT_PATH

STYLESHEET: Final = (files(__package__) / "style.css").read_bytes()
STYLESHEET_PATH: Final = f"{CHECKOUT_PATH}/style-{hashlib.sha256(STYLESHEET).hexdigest()[:16]}.css"
