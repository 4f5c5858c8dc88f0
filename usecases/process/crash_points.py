"""Points at which the fault suite kills a worker, to prove that no promise depends on reaching the next
line.
"""

import os
from collections.abc import Callable
from typing import Final, Literal, cast, get_args

from domain.errors import SettingsError

CrashPoint = Literal[
    "before_reserve", "after_reserve", "after_send", "after_raw_stored", "before_commit", "after_commit"
]
"""Of a verification's way to its decision."""

PicturePoint = Literal["before_pictures", "after_pictures"]
"""Before and after an answer's pictures are put away."""

SendingPoint = Literal["before_delivery", "after_delivery", "after_delivery_written"]
"""Of an event's way to an endpoint."""

AnyPoint = CrashPoint | PicturePoint | SendingPoint

_POINTS: Final = (*get_args(CrashPoint), *get_args(PicturePoint), *get_args(SendingPoint))
VARIABLE: Final = "FACEID_CRASH_AT"
_KILLED: Final = 137


def crash_point_wanted() -> AnyPoint | None:
    """The point that FACEID_CRASH_AT names.

    Raises:
        SettingsError: there is no such point.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    if named not in _POINTS:
        raise SettingsError(f"{VARIABLE} must be one of {', '.join(_POINTS)}")
    return cast(AnyPoint, named)


def die() -> None:
    """End the process as kill -9 would: nothing is flushed, closed or cancelled."""
    os._exit(_KILLED)


def deadly(wanted: AnyPoint | None) -> Callable[[AnyPoint], None]:
    """A function that ends the process at the fault suite's crash point; without one it does nothing."""

    def reached(point: AnyPoint) -> None:
        if point == wanted:
            die()

    return reached
