"""What tells whether the templates in the repository are older than what they are made of. Pure but for reading the sources."""

import hashlib
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
EXAMPLES: Final = tuple(sorted((FOLDER / "examples").glob("*.toml")))
TEMPLATES: Final = FOLDER / "templates"
DIGEST: Final = TEMPLATES / "sources.sha256"


def sources_digest() -> str:
    """The SHA-256 over every source and example of this package."""
    whole = hashlib.sha256()
    for file in sorted((*FOLDER.glob("*.py"), *EXAMPLES)):
        whole.update(f"{file.name}\0{file.read_text()}\0".encode())
    return whole.hexdigest()
