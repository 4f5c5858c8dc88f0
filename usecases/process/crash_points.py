"""Points at which the fault suite kills a worker, to prove that no promise depends on reaching the next
line.
"""

import os
from typing import Final, Literal, cast, get_args

from domain.errors import SettingsError

CrashPoint = Literal[
    "before_reserve", "after_reserve", "after_send", "after_raw_stored", "before_commit", "after_commit"
]
VARIABLE: Final = "FACEID_CRASH_AT"
_KILLED: Final = 137


def crash_point_wanted() -> CrashPoint | None:
    """The point that FACEID_CRASH_AT names.

    Raises:
        SettingsError: there is no such point.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    if named not in get_args(CrashPoint):
        raise SettingsError(f"{VARIABLE} must be one of {', '.join(get_args(CrashPoint))}")
    return cast(CrashPoint, named)


def die() -> None:
    """End the process as kill -9 would: nothing is flushed, closed or cancelled."""
    os._exit(_KILLED)
