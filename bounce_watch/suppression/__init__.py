"""Whom not to write to, and in what shape a dispatch tool wants to read it."""
