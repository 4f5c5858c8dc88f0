"""Paths of this console that a form or a link names, so that no page sends a browser elsewhere."""

from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

HOME: Final = "/"
_LONGEST: Final = 2000


def local_path(text: str | None) -> str:
    """The path and query of this console in `text`; the home page for anything else."""
    if not text or len(text) > _LONGEST or not text.isprintable() or "\\" in text:
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    is_local = not parts.scheme and not parts.netloc and text.startswith("/") and not text.startswith("//")
    return text if is_local else HOME


def sign_in_path(back: str) -> str:
    """The sign-in page that leads back to `back`."""
    return "/login" if back == HOME else f"/login?next={quote(back, safe='')}"


def person_path(name: str) -> str:
    """The page of one person."""
    return f"/people/of/{quote(name, safe='')}"


def verification_path(app_id: str, biz_id: str) -> str:
    """The page of one verification."""
    return f"/verifications/{quote(app_id, safe='')}/{quote(biz_id, safe='')}"


def case_path(case_id: UUID) -> str:
    """The page of one review case."""
    return f"/reviews/{case_id}"
