"""The resource `/staff/v1/psp_accounts`: the accounts at PSPs, what each can do, and whether it is called now."""
