"""The resource `/staff/v1/ledger_entries`: what was booked, by which event or person, and the seal that vouches for it."""
