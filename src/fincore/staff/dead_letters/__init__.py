"""The resource `/staff/v1/dead_letters`: jobs that failed for good, what doing them again would do, and the act itself."""
