"""The resource `/staff/v1/charges/{charge_id}`: one charge with all that the stores hold of it, part by part."""
