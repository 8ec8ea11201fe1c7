"""Starts one installation of FinCore from outside: processes of the `fincore` command, and a PSP sandbox beside them.

The demo, the benchmarks and the tests start theirs with it. Refuses to know what is shown, measured or asserted.
"""
