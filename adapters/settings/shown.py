"""Settings as a page may show them: no secret, no address of a server, nothing of an app or an alert."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from adapters.settings.settings import Settings

_COUNTED: Final = frozenset({"master_keys", "apps", "alerts"})
"""Settings of which only the number is shown."""
_PLAIN: Final = (bool, int, float, str, Path)


class ShownSetting(NamedTuple):
    """A setting of this process. `is_set`: not the default."""

    name: str
    value: str
    is_set: bool


def shown_settings(settings: Settings) -> tuple[ShownSetting, ...]:
    """Every setting that may be shown, by name.

    One whose field is not in the repr is secret. Of one with a value of another kind than a text, a number, a
    path, or a list of them, only whether it is set is shown.
    """
    return tuple(sorted(_shown(settings)))


def _shown(settings: Settings) -> Iterator[ShownSetting]:
    for name, field in type(settings).model_fields.items():
        value = "***" if not field.repr and getattr(settings, name) else _text(name, getattr(settings, name))
        yield ShownSetting(f"FACEID_{name.upper()}", value, name in settings.model_fields_set)


def _text(name: str, value: Any) -> str:
    if name in _COUNTED:
        return str(len(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text("", each) for each in value) or "–"
    if value is None or value == "":
        return "–"
    return str(value) if isinstance(value, _PLAIN) else "***"
