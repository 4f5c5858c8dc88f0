"""The user's browser came back by GET: a hint to look for the result, if the throttle permits it."""

from collections.abc import Callable

from starlette.types import Scope

from domain.limits.throttle import Throttle
from domain.model import verification_id
from usecases.ports.callbacks.ingress import ReturnHints


class ThrottledReturnHints:
    """Sends a return hint for each return that the throttle permits; `monotonic`: a monotonic clock in
    seconds.

    The ingress does not know which verifications there are: it sends hints for known and unknown ones alike.
    """

    def __init__(
        self, return_hints: ReturnHints, throttle: Throttle, *, monotonic: Callable[[], float]
    ) -> None:
        self._return_hints = return_hints
        self._throttle = throttle
        self._monotonic = monotonic

    def returned(self, scope: Scope, app_id: str, biz_id: str) -> None:
        """Send a hint that a browser came back to this app with this biz_id. Neither waits nor raises."""
        address, _port = scope.get("client") or ("", 0)
        if self._throttle.permits(address, self._monotonic()):
            self._return_hints.note_return(verification_id(app_id, biz_id))
