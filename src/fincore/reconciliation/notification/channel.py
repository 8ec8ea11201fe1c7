"""The port by which a notice reaches operations."""

from typing import Final, Literal, Protocol

from fincore.reconciliation.notification.notice import Notice

ChannelName = Literal["console", "webhook", "email", "sns"]


class NotSent(Exception):
    """Why a notice did not arrive, in a few words that name no secret, no URL and no address."""


class Channel(Protocol):
    """One way to operations. `send` ends within `SEND_SECONDS_MAX`, also where the other side stalls."""

    @property
    def name(self) -> ChannelName:
        """What the channel is called in metrics, logs and commands."""
        ...

    async def send(self, notice: Notice) -> None:
        """Send a notice once; the other side has it when this returns. Raises `NotSent`."""
        ...


SEND_SECONDS_MAX: Final = 60.0
"""The most that one attempt may take."""
