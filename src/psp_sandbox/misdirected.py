"""An order to the sandbox's own API that cannot be carried out."""


class Misdirected(Exception):
    """The message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
