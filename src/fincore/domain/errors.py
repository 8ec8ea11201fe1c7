"""What can go wrong inside FinCore, as one tree.

FinCoreError
├── InvalidId             a string is not an id of the kind expected
├── CurrenciesDiffer      two amounts of different currencies were added
├── UnknownEventType      the log holds an event this version cannot read
├── EventImpossible       the log holds an event that cannot follow those before it
├── StreamUnreadable      a charge cannot be told from the log, for one of these two
├── ConfigurationError    a setting is missing or wrong; the message names it
├── UsageError             the arguments of a command are wrong; the message says what to type
├── StoreUnavailable      PostgreSQL could not be reached in time; safe to try again
└── Overloaded            a bounded queue is full; safe to try again later

Business refusals are not errors: they are values (`fincore.domain.charge.Refusal`).
"""


class FinCoreError(Exception):
    """Anything FinCore raises on purpose."""


class InvalidId(FinCoreError):
    """A string is not an id of the kind expected here."""

    def __init__(self, value: str, expected_prefix: str) -> None:
        super().__init__(f"{value[:64]!r} is not an id of the form {expected_prefix}_...")


class CurrenciesDiffer(FinCoreError):
    """Amounts of different currencies cannot be added or compared."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"cannot combine {one} with {other}")


class UnknownEventType(FinCoreError):
    """The log holds an event that this version of FinCore cannot read; run the version that wrote it."""

    def __init__(self, event_type: str, schema_version: int) -> None:
        super().__init__(f"no reader for event {event_type} version {schema_version}")


class EventImpossible(FinCoreError, KeyError):
    """The log holds an event that cannot follow those before it: it is not one that this code wrote."""

    def __init__(self, version: int, event_type: str) -> None:
        super().__init__(f"event {version}, {event_type}, cannot follow those before it")

    def __str__(self) -> str:
        return str(self.args[0])


class StreamUnreadable(FinCoreError):
    """A stream holds an event that cannot be read. `since_version` is the event's place among those of the stream."""

    def __init__(self, since_version: int, reason: str) -> None:
        super().__init__(f"event {since_version} cannot be read: {reason}")
        self.since_version = since_version


class ConfigurationError(FinCoreError):
    """A setting is missing or wrong. The message names the setting and what to put there."""


class UsageError(FinCoreError):
    """The arguments of a command are wrong. The message names the argument and what to type; the exit code is 2."""


class StoreUnavailable(FinCoreError):
    """PostgreSQL could not be reached within the bound. The caller may repeat the same request."""


class Overloaded(FinCoreError):
    """A bounded queue is full. The caller may repeat the same request after `retry_after_seconds`."""

    def __init__(self, what: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(f"{what} is full")
        self.retry_after_seconds = retry_after_seconds
