"""How many streams of events one process and one token may have open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from service.api.errors import ApiProblem

MOST: Final = 1000
MOST_OF_TOKEN: Final = 600

_SOON: Final = 5


class StreamPlaces:
    """Counts the open streams, by token."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    @contextmanager
    def take(self, token: str) -> Iterator[None]:
        """A place inside the block. Raises ApiProblem: there is none."""
        if self._open[token] >= MOST_OF_TOKEN or self._open.total() >= MOST:
            raise ApiProblem("too_many_requests", retry_after=_SOON)
        self._open[token] += 1
        try:
            yield
        finally:
            self._open[token] -= 1
            self._open += Counter()
