"""Posted forms: read only if one of our own pages sent them in this person's name."""

import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from service.console.app.cookies import FORM, read_cookie
from service.console.app.errors import StaleForm
from service.console.app.fields import fields_of
from service.console.app.sessions import Signed

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - a field's name


class Posted(Mapping[str, str]):
    """The fields of a form; a field that is missing is an empty text, as browsers send it."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def __getitem__(self, name: str) -> str:
        return self.raw(name).strip()

    def __iter__(self) -> Iterator[str]:
        return iter(name for name in self._form if name != TOKEN_FIELD)

    def __len__(self) -> int:
        return len(self._form)

    def raw(self, name: str) -> str:
        """The text with the spaces around it, as in a password."""
        value = self._form.get(name, "")
        return "" if isinstance(value, UploadFile) else value

    def all(self, name: str) -> list[str]:
        """Every value of a field that may appear more than once."""
        return [value for value in self._form.getlist(name) if isinstance(value, str)]


async def read_form(request: Request, session: Signed) -> Posted:
    """The form of a signed-in person. Raises StaleForm."""
    return await _read(request, expected=session.csrf)


async def read_form_before_sign_in(request: Request) -> Posted:
    """The form of a person who is not signed in, whose token is in a cookie. Raises StaleForm."""
    return await _read(request, expected=read_cookie(request, FORM))


Form = Annotated[Posted, Depends(read_form)]
OpenForm = Annotated[Posted, Depends(read_form_before_sign_in)]


def new_form_token() -> str:
    """A token for the forms of a browser that is not signed in."""
    return secrets.token_urlsafe(24)


async def _read(request: Request, *, expected: str | None) -> Posted:
    form = Posted(await fields_of(request))
    if not expected or not hmac.compare_digest(_token_of(form), expected.encode()):
        raise StaleForm(form)
    if not _is_from_here(request):
        raise StaleForm(form)
    return form


def _token_of(form: Posted) -> bytes:
    return form[TOKEN_FIELD].encode()


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that our own page sent it.

    Browsers send Sec-Fetch-Site over HTTPS and on their own machine, and Origin with every POST.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    try:
        return urlsplit(request.headers.get("origin", "")).netloc == request.url.netloc
    except ValueError:
        return False
