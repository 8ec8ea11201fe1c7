"""What goes wrong with an installation that a demo, a benchmark or a test started."""


class InstallationFailed(Exception):
    """Something did not start, stop or come true in time; the message says what, and where its logs are."""
