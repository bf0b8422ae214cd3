"""One set of numbers, several forms."""
