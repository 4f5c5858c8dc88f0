"""How often a sign-in may be tried. A right one is not counted."""

from datetime import timedelta
from typing import Final

from domain.limits.throttle import Rate

BY_ADDRESS: Final = Rate(per_second=1 / 30, burst=20)
BY_NAME: Final = Rate(per_second=1 / 60, burst=10)
KNOWN_FOR: Final = timedelta(days=30)
"""How long an address counts as a person's own after a sign-in."""
