"""Tell somebody: what deserves an alert now, and how it gets there."""
