"""The resource `/staff/v1/charges`: charges of all merchants by any filters, and what the filtered add up to."""
