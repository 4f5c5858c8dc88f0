"""Read an object of a payload member by member, and note doubtful members.

An empty value (null, "", {}, []) counts as absent: PHP writes an empty map as [], Java and .NET write null
or "". A value of an unexpected type counts as absent too and is noted as unreadable, so that a rule can
report it. Notes are dotted names from our code, never input. A harmless difference from the documentation
(an array for an absent block, JSON in a string, a non-text that no rule reads) is noted as irregular.
"""

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from domain.callback.strict_json import Members, read_closely
from domain.callback.words import Text
from domain.errors import MalformedPayload

Built = TypeVar("Built")
Kind = TypeVar("Kind")

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER: Final = 64
_LARGEST_COUNT: Final = 2**31


class Notes:
    """The notes, each name once, in the order of the payload's structure."""

    def __init__(self) -> None:
        self._unreadable: dict[str, None] = {}
        self._repeated: dict[str, None] = {}
        self._irregular: dict[str, None] = {}

    @property
    def unreadable(self) -> tuple[str, ...]:
        return tuple(self._unreadable)

    @property
    def repeated(self) -> tuple[str, ...]:
        return tuple(self._repeated)

    @property
    def irregular(self) -> tuple[str, ...]:
        return tuple(self._irregular)

    def cannot_read(self, name: str) -> None:
        """A rule may read `name`, and its type is unknown."""
        self._unreadable[name] = None

    def twice(self, name: str) -> None:
        """`name` appears more than once in its object."""
        self._repeated[name] = None

    def not_as_documented(self, name: str) -> None:
        """`name` has another type than documented, without any loss."""
        self._irregular[name] = None


class Block:
    """One object; `path` is its dotted name, "" for the payload itself."""

    def __init__(self, members: dict[str, Any], notes: Notes, path: str = "") -> None:
        self.members = members
        self.notes = notes
        self.path = path

    def name_of(self, member: str) -> str:
        """The dotted name of a member."""
        return f"{self.path}.{member}" if self.path else member

    def value(self, member: str, *, empty: tuple[Any, ...] = ()) -> Any:
        """A member's raw value, None if it is absent or empty; `empty`: the documented empty values besides
        null."""
        return self._value(member, name=self.name_of(member), empty=empty)

    def entry(self, member: str) -> Any:
        """As `value`, for a member whose name the vendor chooses: notes name only the block."""
        return self._value(member, name=self.path, empty=({},))

    def _value(self, member: str, *, name: str, empty: tuple[Any, ...]) -> Any:
        if isinstance(self.members, Members) and member in self.members.repeated:
            self.notes.twice(name)
        value = self.members.get(member)
        if not is_empty(value):
            return value
        if value is not None and value not in empty and not (isinstance(value, dict) and {} in empty):
            self.notes.not_as_documented(name)
        return None

    def text(self, member: str) -> Text:
        """A text, or a number as text."""
        value = self.value(member, empty=("",))
        return self._known(member, value if is_text(value) else None, sent=value)

    def unread_text(self, member: str) -> Text:
        """A text that no rule reads, so that another type is harmless."""
        value = self.value(member, empty=("",))
        if value is not None and not is_text(value):
            self.notes.not_as_documented(self.name_of(member))
        sent = self.members.get(member)
        return sent if is_text(sent) else None

    def number(self, member: str) -> float | None:
        """A finite number, or a text that is one."""
        value = self.value(member)
        return self._known(member, as_number(value), sent=value)

    def unread_number(self, member: str) -> float | None:
        """A number that the rules do not need."""
        value = self.value(member)
        number = as_number(value)
        if value is not None and number is None:
            self.notes.not_as_documented(self.name_of(member))
        return number

    def flag(self, member: str) -> float | None:
        """A number, or false and true for 0 and 1."""
        value = self.value(member)
        number = float(value) if isinstance(value, bool) else as_number(value)
        return self._known(member, number, sent=value)

    def block(self, member: str, build: Callable[["Block"], Built | None]) -> Built | None:
        """An object, converted by `build`."""
        found = self.structure(member, empty={})
        members = self._known(member, found if isinstance(found, dict) else None, sent=found)
        return None if members is None else build(Block(members, self.notes, self.name_of(member)))

    def entries(self, member: str) -> list[Any]:
        """The entries of an array."""
        found = self.structure(member, empty=[])
        return self._known(member, found if isinstance(found, list) else None, sent=found) or []

    def structure(self, member: str, *, empty: Any) -> Any:
        """An object or an array, possibly as JSON in a string; None if it is empty."""
        value = self.value(member, empty=(empty,))
        if not isinstance(value, str):
            return value
        try:
            inner = read_closely(value.encode())
        except MalformedPayload:
            inner = None
            self.notes.cannot_read(self.name_of(member))
        self.notes.not_as_documented(self.name_of(member))
        return None if is_empty(inner) else inner

    def _known(self, member: str, value: Kind | None, *, sent: Any) -> Kind | None:
        """`value`; None is noted if the member has a value."""
        if value is None and sent is not None:
            self.notes.cannot_read(self.name_of(member))
        return value


def is_empty(value: Any) -> bool:
    """Whether a value is equivalent to an absent one."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, dict):
        return all(map(is_empty, value.values()))
    return value is None or value == []


def is_text(value: Any) -> bool:
    """Whether a value is a text, or a number that can be used as one."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def as_number(value: Any) -> float | None:
    """A finite number, or a text that is one; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
            return None
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def as_count(value: Any) -> int | None:
    """A whole number as `as_number` reads it; None for anything else."""
    number = as_number(value)
    return (
        int(number) if number is not None and number.is_integer() and abs(number) < _LARGEST_COUNT else None
    )
