"""What to do where the extra `aws` is not installed. It imports nothing of the extra."""


def extra_missing(needed_by: str, error: ModuleNotFoundError, instead: str | None = None) -> str:
    """One sentence for what a setting or a reference needs; `instead` is what else can be done."""
    otherwise = f", or {instead}" if instead else ""
    return (
        f"{needed_by} needs the library {error.name}: install FinCore with its extra, "
        f"`pip install 'fincore-payments[aws]'`{otherwise}"
    )
