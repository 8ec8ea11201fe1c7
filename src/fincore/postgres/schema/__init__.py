"""What every database of FinCore needs before any package's schema: the role its services run as."""
