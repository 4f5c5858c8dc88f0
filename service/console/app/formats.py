"""How pages write times, ages and numbers; filters of the templates."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from babel.dates import format_datetime
from babel.numbers import format_decimal
from markupsafe import Markup

from service.console.app.languages import N_, catalogue

_UNITS: Final = ((86400, "d", N_("d")), (3600, "h", N_("h")), (60, "min", N_("min")), (1, "s", N_("s")))


def filters_for(language: str) -> Mapping[str, Callable[..., Any]]:
    """The filters in this language: `number`, `age` (seconds or timedelta), `time` (with zone)."""
    texts = catalogue(language)

    def number(value: float) -> str:
        return format_decimal(value, locale=language)

    def age(value: float | timedelta) -> str:
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        return _age(max(0, int(seconds)), texts.gettext)

    def time(at: datetime | None, zone: tzinfo, form: str = "yyyy-MM-dd HH:mm:ss") -> str:
        return "–" if at is None else _time(at, zone, form, language)

    return {"number": number, "age": age, "time": time}


def _age(seconds: int, translate: Callable[[str], str]) -> str:
    """Two units at most: `3 d 4 h`, `12 min`."""
    parts: list[str] = []
    for size, unit, name in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {translate(name)}")
        if len(parts) == 2 or (parts and unit == "min"):
            break
    return " ".join(parts)


def _time(at: datetime, zone: tzinfo, form: str, language: str) -> Markup:
    local = at.astimezone(zone)
    shown = format_datetime(local, form, locale=language)
    exact = local.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exact, shown)
