"""The acts of staff on a charge: refund, capture, cancel, ask the PSP. They go the way of merchants' requests.

It knows no PSP and no job, and decides about no money: the charge's own rules do.
"""
