"""The demo: FinCore and the PSP sandbox on this machine, real payments over HTTP, shown as they move.

It uses FinCore as a merchant and an operator would, by HTTP and the `fincore` command, and imports nothing of it.
"""
