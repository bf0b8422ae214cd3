"""The ledger: the only owner of sqlmodel."""
