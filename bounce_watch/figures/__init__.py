"""The figures of a report, counted from the ledger: `content.py` puts them together, `reports` writes them."""
