"""The languages of the console, and in which one a page is.

English is the language of the source; each other one has a catalogue, read from its .po file at first use.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from service.console.app.cookies import LANGUAGE, read_cookie

LANGUAGES: Final = {"en": "English", "zh": "中文"}
"""Each language by its code, and its own name."""

_MOST: Final = 256
"""Characters of Accept-Language that are read; a browser sends a few dozen."""


def N_(text: str) -> str:  # noqa: N802 - the name that catalogues know
    """Mark a text of the code for the catalogue; a template translates it where it is shown."""
    return text


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts in this language."""
    if language == "en":
        return NullTranslations()
    source = files("service.console") / "translations" / language / "LC_MESSAGES" / "console.po"
    with source.open("rb") as po:
        messages = read_po(po, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language of an answer: as chosen in this browser, else the person's, else the browser's own."""
    chosen = read_cookie(request, LANGUAGE)
    if chosen in LANGUAGES:
        return chosen
    session = getattr(request.state, "session", None)
    if session is not None and session.language in LANGUAGES:
        return str(session.language)
    return _preferred(request.headers.get("accept-language", ""))


def _preferred(accepted: str) -> str:
    weighted = [_weighted(part) for part in accepted[:_MOST].split(",")]
    wanted = [name for weight, name in sorted(weighted, key=lambda each: -each[0]) if weight > 0]
    return negotiate_locale([name.split("-")[0] for name in wanted], list(LANGUAGES)) or "en"


def _weighted(part: str) -> tuple[float, str]:
    name, _, weight = part.strip().lower().partition(";q=")
    try:
        return float(weight or 1), name
    except ValueError:
        return 0.0, name
