"""HTTP requests to a key service, with its failures as ours."""

from typing import Any, Final

import httpx2
import msgspec

from adapters.keys.away import KeysAway

_TIMEOUT: Final = 3.0
_TROUBLED: Final = 500
_REFUSED: Final = frozenset({401, 403})


def open_client(*, url: str, ca: str | None = None) -> httpx2.AsyncClient:
    """A client of the service at this URL; `ca`: a file of certificates to trust instead of the system's."""
    verify: Any = True if ca is None else ca
    return httpx2.AsyncClient(base_url=url, timeout=_TIMEOUT, trust_env=False, verify=verify)


async def send(client: httpx2.AsyncClient, request: httpx2.Request, *, name: str) -> httpx2.Response:
    """The service's answer, whatever its status below 500.

    Raises:
        KeysAway: it does not answer, or is at fault.
    """
    try:
        answer = await client.send(request)
    except (httpx2.HTTPError, OSError) as error:
        raise KeysAway(f"{name} cannot be reached ({type(error).__name__})") from None
    if answer.status_code >= _TROUBLED:
        raise KeysAway(f"{name} is at fault (HTTP {answer.status_code})")
    return answer


def content_of(answer: httpx2.Response, *, name: str) -> dict[str, Any]:
    """The object in an answer. Raises KeysAway."""
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        raise KeysAway(f"{name} answers something else than JSON") from None


def refusal(answer: httpx2.Response, word: str, *, name: str) -> KeysAway:
    """The error for a request that the service refuses; `word`: its code, without values."""
    if answer.status_code in _REFUSED:
        return KeysAway(f"{name} refuses our credentials, or they lack a permission ({word})")
    return KeysAway(f"{name} refuses a request (HTTP {answer.status_code}, {word})")
