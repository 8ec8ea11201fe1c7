"""What every database of FinCore needs before any room's schema: the role its services run as."""
