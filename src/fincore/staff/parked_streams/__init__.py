"""The resource `/staff/v1/parked_streams`: what consumers of the log have set aside, why, and following it again."""
