"""Server-sent events, as the WHATWG defines them: lines in, messages out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Message:
    """A message; `id` is the last one that the stream gave."""

    id: str
    event: str
    data: str


@dataclass
class Reader:
    """Takes the lines of a stream and yields each message at its empty line.

    `id` is the last one that the stream gave, also without a message.
    """

    id: str = ""
    _event: str = ""
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> Iterator[Message]:
        """The message that this line ends, if any."""
        if not line:
            if self._data:
                yield Message(self.id, self._event or "message", "\n".join(self._data))
            self._event, self._data = "", []
            return
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self.id = value
