"""Instants are aware and UTC, checked where a record is made."""

from __future__ import annotations

from datetime import UTC, datetime


def require_utc(**instants: datetime | None) -> None:
    """Raise ValueError, with the field's name, for an instant that is naive or not in UTC."""
    for name, instant in instants.items():
        if instant is not None and instant.tzinfo is not UTC:
            raise ValueError(f"{name} must be an aware UTC instant, not {instant!r}")


def as_utc(instant: datetime) -> datetime:
    """An aware instant of any zone, in UTC; a naive one is read as UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
