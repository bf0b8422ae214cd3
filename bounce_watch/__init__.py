"""Reads Amazon's opt-out notices from a seller's mailbox; suppression lists and opt-out rates."""
