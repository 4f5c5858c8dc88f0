"""Parse `FACEID_PICTURES_URL`: where the pictures of results are kept.

`file:///FOLDER` · `s3://BUCKET/PREFIX`, with `?region=` and, for other servers than Amazon's, `endpoint=` and
`addressing=path`.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from pydantic import AfterValidator

from adapters.configuration.urls.keys_url import FOLDER, folder_of
from adapters.configuration.urls.url_parts import shown, split_url
from adapters.configuration.values import check_http_url
from adapters.configuration.visible import check_visible

S3: Final = "s3"
_PARAMETERS: Final = frozenset({"region", "endpoint", "addressing"})
_ADDRESSINGS: Final = ("auto", "path", "virtual")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"[\w./=-]{0,200}", re.ASCII)


class Bucket(msgspec.Struct, frozen=True):
    """A bucket. `prefix` ends in a slash, or is empty. `addressing`: `path` if the server takes the bucket's
    name in the path alone."""

    name: str
    prefix: str
    region: str | None = None
    endpoint: str | None = None
    addressing: str = "auto"


def check_pictures_url(text: str) -> str:
    """The URL itself. Raises ValueError, without any part of it."""
    place_of_pictures(text)
    return text


PicturesUrl = Annotated[str, AfterValidator(check_pictures_url)]


def place_of_pictures(text: str) -> Path | Bucket:
    """The folder or the bucket of the URL. Raises ValueError."""
    scheme, mark, _ = check_visible(text).partition("://")
    if not mark or scheme not in {FOLDER, S3}:
        raise ValueError("must begin with file:/// or s3://")
    return folder_of(text) if scheme == FOLDER else _bucket_of(text)


def _bucket_of(text: str) -> Bucket:
    parts = split_url(text, schemes=[S3])
    if parts.user or parts.password:
        raise ValueError("must have no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have them")
    if len(parts.hosts) != 1 or parts.hosts[0].port or not _NAME.fullmatch(parts.hosts[0].name):
        raise ValueError("must name one bucket: s3://BUCKET/PREFIX")
    prefix = parts.path.strip("/")
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("may have letters, digits and . / = _ - in its prefix")
    given = parts.parameters
    if unknown := sorted(given.keys() - _PARAMETERS):
        raise ValueError(f"{shown(unknown[0])} is not known")
    if given.get("addressing", "auto") not in _ADDRESSINGS:
        raise ValueError("addressing may be auto, path or virtual")
    if "endpoint" in given:
        check_http_url(given["endpoint"])
    return Bucket(parts.hosts[0].name, f"{prefix}/" if prefix else "", **given)


def problems_of_pictures(app_ids: Iterable[str]) -> list[str]:
    """One line for each app that asks for pictures, which have no place."""
    return [
        f"apps.{each}.return_image: needs FACEID_PICTURES_URL, where pictures are kept" for each in app_ids
    ]
