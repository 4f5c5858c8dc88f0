"""Times as the gateway writes them for programs."""

from datetime import UTC, datetime


def utc_text(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-28T12:00:00.041Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
