"""Keeping the ledger honest: health, review, retention, rebuild, and the doctor's checks."""
