"""Identifiers in the PSPs' style: a prefix and 24 letters and digits, unlike any other run's.

Mostly letters, as in Stripe's: among hexadecimal digits, thirteen decimal ones that look like a card number stand in
a row every few thousand ids.
"""

import random

_entropy = random.Random()  # noqa: S311 - seeded by the system; names need to be unique, not secret
_getrandbits = _entropy.getrandbits
_SPELLED = str.maketrans("0123456789abcdef", "2Bc3DfGh5JkMn7Pq")


def new_id(prefix: str) -> str:
    """A fresh `pi_0123...`. Never drawn from `--seed`: a restarted sandbox must not reuse yesterday's event ids."""
    return f"{prefix}_{f'{_getrandbits(96):024x}'.translate(_SPELLED)}"


def new_paypal_id(characters: int = 17) -> str:
    """A fresh `5O190127TN364715T`: upper case, mostly letters for the reason above. At most 24 characters."""
    return f"{_getrandbits(96):024x}"[:characters].translate(_SPELLED).upper()


def new_secret(prefix: str) -> str:
    """A fresh secret such as `whsec_...`, 32 hexadecimal digits from the system's cryptographic source."""
    return f"{prefix}_{random.SystemRandom().getrandbits(128):032x}"
