"""The allowed values of a policy file's keys, from `PolicyConfig`, for the reference and for errors."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

from msgspec import inspect

from domain.policy.file.config import PolicyConfig

_HEAVIEST_FIRST: Final = (
    "reject", "review", "ignore", "all", "any", "when_present", "always", "never",
    "low", "normal", "high", "urgent",
)  # fmt: skip


def values_of(kind: inspect.Type, *, quote: str = "`") -> str:
    """The values of this type for display: `` `reject`, `review` ``, `0 to 100`, `text`."""
    match kind:
        case inspect.LiteralType(values=values):
            allowed = ", ".join(f"{quote}{value}{quote}" for value in sorted(values, key=_order))
        case inspect.EnumType(cls=cls):
            allowed = ", ".join(f"{quote}{member.value}{quote}" for member in cls)
        case inspect.FloatType(ge=least, le=most):
            allowed = f"{least:g} to {most:g}"
        case inspect.IntType(ge=least, le=most):
            allowed = f"a whole number from {least}" + ("" if most is None else f" to {most}")
        case inspect.UnionType(types=types):
            given = [one for one in types if not isinstance(one, inspect.NoneType)]
            allowed = " or ".join(values_of(one, quote=quote) for one in given)
        case inspect.DictType(value_type=value):
            counts = isinstance(value, inspect.IntType)
            allowed = "a table of " + ("counts" if counts else values_of(value, quote=quote))
        case inspect.VarTupleType(item_type=item):
            allowed = f"a list of {values_of(item, quote=quote)}"
        case _:
            allowed = "text" if isinstance(kind, inspect.StrType) else "a table"
    return allowed


def values_at(path: Sequence[str]) -> str | None:
    """The values of the key at `path`, with texts as in a file; None if there is no such key."""
    kind = _type_at(path)
    return None if kind is None else values_of(kind, quote='"')


def nearest_key(path: Sequence[str]) -> str | None:
    """The key that the last part of `path` probably means."""
    *table, key = path
    kind = _type_at(table)
    fields = kind.fields if isinstance(kind, inspect.StructType) else ()
    known = {field.name.lower(): field.name for field in fields}
    return next((known[near] for near in get_close_matches(key.lower(), known, n=1)), None)


def _type_at(path: Sequence[str]) -> inspect.Type | None:
    kind: inspect.Type | None = inspect.type_info(PolicyConfig)
    for key in path:
        if isinstance(kind, inspect.DictType):
            kind = kind.value_type
        elif isinstance(kind, inspect.StructType):
            kind = next((field.type for field in kind.fields if field.name == key), None)
        else:
            return None
    return kind


def _order(value: Any) -> tuple[int, Any]:
    return (_HEAVIEST_FIRST.index(value) if value in _HEAVIEST_FIRST else 0, value)
