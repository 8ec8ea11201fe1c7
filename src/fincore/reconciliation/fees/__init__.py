"""Has the log told of fees that settlement files state and no call or webhook told: each becomes an event of its charge.

It refuses to know what matches: it brings a line to a charge by the PSP's own name of the payment alone, and the charge decides.
"""
