"""All log events in one table."""

from typing import Final

from adapters.log_events.edges import EDGE_EVENTS
from adapters.log_events.workers import WORKER_EVENTS

LOG_EVENTS: Final = EDGE_EVENTS | WORKER_EVENTS
"""By name; a test compares names and levels with what the modules log."""
