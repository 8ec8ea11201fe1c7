"""PayPal, in FinCore's words: its accounts, its amounts and its limits.

It refuses to know the state of a charge, jobs, retries and every other PSP.
"""
