"""How many opt out: periods, counts, intervals."""
