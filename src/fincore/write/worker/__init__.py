"""The worker: takes jobs from the queue, calls PSPs, processes their webhooks, records outcomes, owns unknown outcomes.

It decides when to ask and when to stop asking; what an outcome means for a charge is the domain's, how a PSP is spoken
to is the gateway's. It refuses to know HTTP and the read path.
"""
