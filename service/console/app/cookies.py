"""The console's cookies: of the session, of forms before it, and of the reader's preferences.

Over HTTPS their names begin with `__Host-`, so that no other host can set them. A browser takes cookies over
plain HTTP only from this machine.
"""

from ipaddress import ip_address
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

SESSION: Final = "faceid"
FORM: Final = "faceid-form"
LANGUAGE: Final = "faceid-language"
KEYS: Final = "faceid-keys"
PROVIDER: Final = "faceid-provider"

YEAR: Final = 365 * 24 * 3600


def is_https(request: Request) -> bool:
    """Whether the browser speaks HTTPS, with us or with the proxy in front."""
    return request.url.scheme == "https" or bool(request.app.state.context.is_behind_https)


def may_keep_cookies(request: Request) -> bool:
    """Whether a browser keeps a session: over HTTPS, or on this machine."""
    return is_https(request) or _is_loopback(request.url.hostname or "")


def known_origin(request: Request) -> str | None:
    """The scheme and host of the console for a link that is passed on; None if they are not known.

    A request can name any host, so it counts only where it names this machine.
    """
    address: str = request.app.state.context.address
    if address:
        return address
    return (
        f"{request.url.scheme}://{request.url.netloc}" if _is_loopback(request.url.hostname or "") else None
    )


def read_cookie(request: Request, name: str) -> str | None:
    """The value of one of our cookies."""
    return request.cookies.get(_full_name(request, name))


def set_cookie(
    answer: Response,
    request: Request,
    name: str,
    value: str,
    *,
    same_site: Literal["strict", "lax"] = "strict",
    seconds: int | None = None,
) -> None:
    """Set one of our cookies; it lasts `seconds`, or ends with the browser."""
    answer.set_cookie(
        _full_name(request, name),
        value,
        max_age=seconds,
        secure=is_https(request),
        httponly=True,
        samesite=same_site,
        path="/",
    )


def delete_cookie(answer: Response, request: Request, name: str) -> None:
    """Delete one of our cookies."""
    answer.delete_cookie(
        _full_name(request, name), path="/", secure=is_https(request), httponly=True, samesite="strict"
    )


def _full_name(request: Request, name: str) -> str:
    return f"__Host-{name}" if is_https(request) else name


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
