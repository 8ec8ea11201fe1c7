"""The extra `aws`: what to do where it is not installed, and the region that counts. It imports nothing of the extra."""

import os


def extra_missing(needed_by: str, error: ModuleNotFoundError, instead: str | None = None) -> str:
    """One sentence for what a setting or a reference needs; `instead` is what else can be done."""
    otherwise = f", or {instead}" if instead else ""
    return (
        f"{needed_by} needs the library {error.name}: install FinCore with its extra, "
        f"`pip install 'fincore-payments[aws]'`{otherwise}"
    )


def region_in_force(region: str | None) -> str | None:
    """A region as a setting names it, else that in AWS_REGION, which Lambda and ECS set; None leaves it to the library.

    botocore reads AWS_DEFAULT_REGION and profiles, and AWS_REGION not (version 1.43), as the other libraries of AWS do.
    """
    return region or os.environ.get("AWS_REGION") or None
