"""Follow the log for ever: by stream, by pages where no stream gets through, from where it broke off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from faceid_gateway_client._http import httpx
from faceid_gateway_client.calls import MAX_WAIT, Call, checked, events_call, filters_of, may_pass
from faceid_gateway_client.models import Event
from faceid_gateway_client.sse import Reader

QUIET = 45.0
"""Seconds without a byte after which a stream is dead: the gateway pings every 15."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_STREAM = "text/event-stream"


@dataclass
class Follower:
    """Where a reader is in the log, and how it reads on. Events up to `after` are never given again."""

    after: int
    types: tuple[str, ...] = ()
    app_id: str | None = None
    streams: bool = True
    _pause: float = _FIRST_PAUSE
    _reader: Reader = field(default_factory=Reader)

    def stream_call(self) -> Call:
        """The request for the stream from here."""
        self._reader = Reader()
        return Call("GET", "/v1/events/stream", {"after": self.after, **filters_of(self.types, self.app_id)})

    def page_call(self) -> Call:
        """The request for the next page, held until there is one."""
        return events_call(self.after, filters_of(self.types, self.app_id), wait=MAX_WAIT)

    def is_stream(self, answer: httpx.Response) -> bool:
        """Whether the answer is a stream; if something on the way allows none, pages are read from now on.

        Raises ApiError, but not for what may pass.
        """
        if may_pass(answer):
            return False
        if answer.status_code in (404, 405, 406) or (
            answer.is_success and not answer.headers.get("content-type", "").startswith(_STREAM)
        ):
            self.streams = False
            return False
        checked(answer)
        return True

    def take_line(self, line: str) -> Iterator[Event]:
        """The events that end with this line of the stream."""
        for message in self._reader.take(line):
            yield from self.take([Event.of(json.loads(message.data))])
        if not line and self._reader.id.isdecimal():
            # Of the stream as a whole: events of other types lie between.
            self.after = max(self.after, int(self._reader.id))

    def take(self, events: list[Event], cursor: int = 0) -> Iterator[Event]:
        """The events behind `after`, which moves on with each."""
        self._pause = _FIRST_PAUSE
        for event in events:
            if event.seq > self.after:
                self.after = event.seq
                yield event
        self.after = max(self.after, cursor)

    def pause(self) -> float:
        """The seconds until the next try: longer from one failure to the next."""
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return pause
