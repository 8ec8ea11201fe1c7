"""What sends the requests: when each is due, which one it is, and what was answered. All that a bundle for other machines holds.

Refuses to know FinCore's packages, and what the figures mean: it writes records, and others judge them.
"""
