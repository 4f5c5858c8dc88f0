"""Parse `FACEID_KEYS_URL`: where the epoch keys and the erasure ledger are kept."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from adapters.configuration.database_url import read_database_url
from adapters.configuration.visible import check_visible

FOLDER: Final = "file"
DATABASE: Final = ("postgresql", "postgres", "postgresql+asyncpg")
_STORES: Final = (FOLDER, *DATABASE)


def scheme_of(text: str) -> str:
    """The kind of store. Raises ValueError."""
    scheme, mark, _ = check_visible(text).partition("://")
    if not mark or scheme not in _STORES:
        raise ValueError("must begin with file:///, postgresql://")
    return scheme


def folder_of(text: str) -> Path:
    """The folder of a `file` URL. Raises ValueError."""
    url = urlsplit(text)
    if url.netloc or url.query or url.fragment or not url.path.startswith("/") or url.path == "/":
        raise ValueError("must name a folder by its whole path: file:///FOLDER")
    return Path(unquote(url.path))


def check_keys_url(text: str) -> str:
    """The URL itself. Raises ValueError, without any part of it."""
    if scheme_of(text) == FOLDER:
        folder_of(text)
    else:
        read_database_url(text)
    return text
