"""What tells whether the templates in the repository are older than what they are made of. Pure but for reading the sources."""

import hashlib
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
EXAMPLES: Final = tuple(FOLDER / "examples" / f"{stage}.toml" for stage in ("production", "staging"))
PIPELINE_EXAMPLE: Final = FOLDER / "examples/pipeline.toml"
BUILDS: Final = FOLDER / "builds"
"""What builds of the pipeline do, as buildspecs of CodeBuild and scripts."""
TEMPLATES: Final = FOLDER / "templates"
DIGEST: Final = TEMPLATES / "sources.sha256"


def sources_digest() -> str:
    """The SHA-256 over every source, example and buildspec of this package."""
    whole = hashlib.sha256()
    for file in sorted((*FOLDER.glob("*.py"), *EXAMPLES, PIPELINE_EXAMPLE, *BUILDS.iterdir())):
        whole.update(f"{file.name}\0{file.read_text()}\0".encode())
    return whole.hexdigest()
