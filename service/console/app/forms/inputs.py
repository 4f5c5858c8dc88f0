"""Values in forms and queries, read strictly: any other text is None or the default."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from domain.people.session import Session
from service.console.app.errors import NotFound
from service.console.app.sessions import apps_of

Word = TypeVar("Word", bound=StrEnum)

_SECRET: Final = re.compile("[A-Z2-7]{32}")
"""160 bits in base32."""


def read_id(text: str) -> UUID:
    """The id in a path or a form. Raises NotFound for any other text, which no page of ours sends."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def read_secret(text: str) -> str:
    """The secret of a second factor, as our page made it. Raises NotFound for any other text."""
    if not _SECRET.fullmatch(text):
        raise NotFound
    return text


def read_number(text: str, *, default: int = 0, least: int = 0, most: int = 10**9) -> int:
    """The whole number in a text; `default` for anything else, and outside of the bounds."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else default
    return number if least <= number <= most else default


def read_word(kind: type[Word], text: str) -> Word | None:
    """The member that a text names."""
    return kind(text) if text in set(kind) else None


def narrowed(session: Session, scope: str, known: Sequence[str], app_id: str) -> list[str]:
    """The apps in which the person has `scope`, or of them the named one alone."""
    return [each for each in apps_of(session, scope, known) if app_id in ("", each)]
