"""The stylesheet, the scripts and the icon. Their URLs contain a hash, so that browsers may keep them."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

_TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "reviews.css": "text/css; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_KEPT: Final = {"cache-control": "public, max-age=31536000, immutable"}

router = APIRouter()


@router.get("/static/{mark}/{name}")
async def static_file(mark: str, name: str) -> Response:
    """A file of the console, by the hash of its content and its name."""
    if name not in _TYPES or mark != _mark(name):
        raise HTTPException(404)
    return Response(_content(name), media_type=_TYPES[name], headers=_KEPT)


def static_url(name: str) -> str:
    """The URL of a file; it changes with the content."""
    return f"/static/{_mark(name)}/{name}"


@cache
def _content(name: str) -> bytes:
    return (files("service.console") / "static" / name).read_bytes()


@cache
def _mark(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]
