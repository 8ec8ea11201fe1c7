"""/return/...: where a wallet's PSP sends the customer back, and from where the customer goes on to the merchant's site.

It refuses to know what the PSP or the customer says about the payment: the PSP's own record decides.
"""
