"""Who calls the server of staff, and what that person may do: tokens, groups, roles, permissions.

It refuses to know what is done with a permission: a route names its own, and is answered only where the person has it.
"""
