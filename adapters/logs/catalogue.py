"""All log events in one table."""

from typing import Final

from adapters.logs.edges import EDGE_EVENTS
from adapters.logs.identity import IDENTITY_EVENTS
from adapters.logs.people import PEOPLE_EVENTS
from adapters.logs.reviews import REVIEW_EVENTS
from adapters.logs.supervisor import SUPERVISOR_EVENTS
from adapters.logs.workers import WORKER_EVENTS

LOG_EVENTS: Final = (
    EDGE_EVENTS | IDENTITY_EVENTS | PEOPLE_EVENTS | REVIEW_EVENTS | SUPERVISOR_EVENTS | WORKER_EVENTS
)
"""By name; a test compares names and levels with what the modules log."""
