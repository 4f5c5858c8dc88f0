"""How pages write times, ages and numbers; filters of the templates."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from urllib.parse import urlsplit

from babel.dates import format_datetime
from babel.numbers import format_decimal
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from service.console.app.languages import N_, catalogue

_INVISIBLE: Final = "\N{REPLACEMENT CHARACTER}"
_UNITS: Final = ((86400, "d", N_("d")), (3600, "h", N_("h")), (60, "min", N_("min")), (1, "s", N_("s")))

_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_WHOLE: Final = "yyyy-MM-dd HH:mm:ss"
_SHORT: Final = 24
_HEAD: Final = 10
_TAIL: Final = 6


def filters_for(language: str) -> Mapping[str, Callable[..., Any]]:
    """The filters in this language: `number`, `age` (seconds or timedelta), `time` (with zone; a form
    without the year gets it for a time of another year)."""
    texts = catalogue(language)

    def number(value: float) -> str:
        return format_decimal(value, locale=language)

    def age(value: float | timedelta) -> str:
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        return _age(max(0, int(seconds)), texts.gettext)

    @pass_context
    def time(context: Context, at: datetime | None, zone: tzinfo, form: str = _WHOLE) -> str:
        if at is None:
            return "–"
        is_short = form.startswith("MM") and at.astimezone(zone).year != context["now"].astimezone(zone).year
        return _time(at, zone, f"yyyy-{form}" if is_short else form, language)

    def time_text(at: datetime, zone: tzinfo, form: str) -> str:
        return format_datetime(at.astimezone(zone), form, locale=language)

    def size(count: int) -> str:
        power = min(4, max(0, count.bit_length() - 1) // 10)
        return f"{format_decimal(round(count / 1024**power, 1), locale=language)} {_SIZES[power]}"

    return {
        "size": size,
        "number": number,
        "age": age,
        "time": time,
        "time_text": time_text,
        "short_id": _short_id,
        "masked": _masked,
        "host": _host,
        "printable": _printable,
    }


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


def _short_id(text: str) -> Markup:
    """A long id with its middle left out; the whole text appears when it is pointed at."""
    if len(text) <= _SHORT:
        return Markup("{}").format(text)
    return Markup('<span title="{0}">{1}…{2}</span>').format(text, text[:_HEAD], text[-_TAIL:])


def _printable(content: bytes) -> str:
    """The text that bytes of another server are, without what is not visible."""
    text = content.decode(errors="replace")
    return "".join(each if each.isprintable() or each == "\n" else _INVISIBLE for each in text)


def _host(url: str) -> str:
    """The host of a URL; its path may be what proves the sender."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _masked(number: str) -> str:
    """A masked number with fewer stars: `1****2`."""
    return f"{number[:1]}****{number[-1:]}" if len(number) > _TAIL else number


def _time(at: datetime, zone: tzinfo, form: str, language: str) -> Markup:
    local = at.astimezone(zone)
    shown = format_datetime(local, form, locale=language)
    exact = local.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exact, shown)
