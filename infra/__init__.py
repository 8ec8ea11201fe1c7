"""FinCore on Amazon Web Services: what is deployed, as tables, and the CloudFormation templates made of them by the CDK.

It refuses to know an account, an address or a secret of a company: an installation is described by a file of its own. Templates are
made without a network and without credentials, and are the same for the same input.
"""
