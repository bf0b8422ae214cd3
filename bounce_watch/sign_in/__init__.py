"""Passwords and tokens: where they come from, and that they stay hidden."""
