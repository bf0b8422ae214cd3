"""Speed as a ratio, in one run against a floor or a peer: `python -m tests.bench.NAME`. Never run as a test."""
