"""The log events of reviews."""

from typing import Final

from adapters.logs.event import LogEvent

REVIEW_EVENTS: Final = {
    "review.note_unreadable": LogEvent(
        "warning",
        "api, console",
        "No key opens a note of the case `case_id`; it is shown without it.",
    ),
    "review.changed_meanwhile": LogEvent(
        "info",
        "worker",
        "A person was faster than the sweep at the case `case_id`; nothing was changed.",
    ),
    "reviews.tended": LogEvent(
        "info",
        "worker",
        "Claims and snoozes of `count` cases ended, or the priority of overdue ones rose.",
    ),
}
