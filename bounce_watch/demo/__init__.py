"""A seeded generator of the demo's mailbox and sent log."""
