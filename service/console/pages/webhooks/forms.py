"""The form of an endpoint's settings: what it shows of an endpoint, and what it asks for."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec

from domain.events.bodies import Format
from domain.events.webhooks.checks import (
    MAX_IN_FLIGHT,
    MAX_PAUSE,
    MAX_PAUSES,
    MAX_PEM,
    MAX_RATE,
    MAX_TYPE,
    MAX_TYPES,
    check_headers,
    check_url,
)
from domain.events.webhooks.endpoint import DEFAULT_IN_FLIGHT, Endpoint
from domain.events.webhooks.mistakes import EndpointRefused, Mistake
from domain.events.webhooks.selection import matching_types
from domain.events.webhooks.signing import Signature
from domain.model import Outcome
from service.console.app.forms.inputs import Word, read_number, read_word
from service.console.app.forms.posted import Posted
from service.console.app.languages import N_
from service.console.app.words.domain import MISTAKES

TLS: Final = ("ca", "client_certificate")
BLANK: Final = {
    "types": "*",
    "format": "thin",
    "signature": "standard",
    "max_in_flight": str(DEFAULT_IN_FLIGHT),
}
"""A new endpoint's fields that are not empty."""

_PLAIN: Final = (
    "url", "types", "outcome", "format", "signature", "ed25519", "max_in_flight", "max_rate", "schedule"
)  # fmt: skip
_TYPED: Final = (*_PLAIN, "headers", *TLS)

_CHOOSE: Final = N_("Choose one of these.")
_MANY_TYPES: Final = N_("At most 32 types of at most 64 characters each.")
_IN_FLIGHT: Final = N_("A whole number from 1 to 256.")
_RATE: Final = N_("A number above 0, at most 10,000; empty for no limit.")
_SCHEDULE: Final = N_(
    "1 to 20 pauses in whole seconds, each at most 172,800 (two days); empty for the default."
)
_HEADERS: Final = N_("One header a line, as “name: value”.")
_LONG: Final = N_("At most 64 KiB.")

_PLACES: Final = {
    Mistake.UNKNOWN_EVENT_TYPE: "types",
    Mistake.HEADER_RESERVED: "headers",
    Mistake.HEADER_INVALID: "headers",
    Mistake.CERTIFICATE_INVALID: "client_certificate",
    Mistake.TOO_MANY_ENDPOINTS: "app",
}
"""The field that a mistake is shown at; the others are the URL's."""


class FieldRefused(ValueError):
    """A field has a value that is not allowed; the message says why."""


class Asked(msgspec.Struct, frozen=True):
    """What a form asks for. `settings`: by the names of `EndpointSettings`. `headers`, `tls`: what is typed,
    without what is left empty. The repr shows none of it.
    """

    settings: dict[str, Any]
    headers: dict[str, str]
    tls: dict[str, str]
    ed25519: bool

    def __repr__(self) -> str:
        return "Asked(...)"


def fields_of(endpoint: Endpoint) -> dict[str, str]:
    """The fields of an endpoint's form, without what is secret."""
    settings = endpoint.settings
    rate, schedule = settings.max_rate, settings.schedule
    return {
        "url": settings.url,
        "types": " ".join(settings.types),
        "outcome": " ".join(settings.outcomes or ()),
        "format": settings.format,
        "signature": settings.signature,
        "ed25519": "yes" if endpoint.private and endpoint.private.keys else "",
        "max_in_flight": str(settings.max_in_flight),
        "max_rate": "" if rate is None else f"{rate:g}",
        "schedule": "" if schedule is None else " ".join(f"{pause.total_seconds():g}" for pause in schedule),
    }


def seen_of(endpoint: Endpoint) -> dict[str, str]:
    """What a form remembers of the endpoint as it was shown, to say later what others have changed."""
    private = endpoint.private
    return fields_of(endpoint) | {
        "headers": " ".join(name for name, _ in private.headers) if private else "",
        "ca": "yes" if private and private.ca else "",
        "client_certificate": "yes" if private and private.client_certificate else "",
        "state": endpoint.state,
    }


def changed_since(form: Posted, endpoint: Endpoint) -> list[str]:
    """The fields that others have changed since the form was shown."""
    return [name for name, now in seen_of(endpoint).items() if form[f"was_{name}"] != now]


def typed(form: Posted) -> dict[str, str]:
    """The fields as they were typed."""
    fields = {name: form[name] for name in (*_TYPED, "id", "app")}
    return fields | {"outcome": " ".join(form.all("outcome"))}


def read_settings(form: Posted) -> tuple[Asked, dict[str, str]]:
    """What a form asks for, and the problems by their fields; with a problem, the first is not to be used."""
    values, problems = dict[str, Any](), dict[str, str]()
    for name, read in _READERS.items():
        try:
            values[name] = read(form)
        except FieldRefused as refused:
            problems[name] = str(refused)
        except EndpointRefused as refused:
            problems[name] = MISTAKES[refused.code]
    headers = values.pop("headers", {})
    tls = {name: text for name in TLS if (text := values.pop(name, ""))}
    values["outcomes"] = values.pop("outcome", None)
    return Asked(values, headers, tls, form["ed25519"] == "yes"), problems


def problems_of(refused: EndpointRefused, asked: Asked) -> dict[str, str]:
    """The problem of a refused endpoint, by its field."""
    place = _PLACES.get(Mistake(refused.code), "url")
    places = list(asked.tls) or [place] if place in TLS else [place]
    return dict.fromkeys(places, MISTAKES[refused.code])


def _url(form: Posted) -> str:
    check_url(form["url"])
    return form["url"]


def _types(form: Posted) -> tuple[str, ...]:
    types = tuple(form["types"].replace(",", " ").split()) or ("*",)
    if len(types) > MAX_TYPES or any(len(each) > MAX_TYPE for each in types):
        raise FieldRefused(_MANY_TYPES)
    if not all(matching_types([each]) for each in types):
        raise EndpointRefused(Mistake.UNKNOWN_EVENT_TYPE)
    return types


def _outcomes(form: Posted) -> tuple[Outcome, ...] | None:
    return tuple(word for text in form.all("outcome") if (word := read_word(Outcome, text))) or None


def _format(form: Posted) -> Format:
    return _chosen(read_word(Format, form["format"]))


def _signature(form: Posted) -> Signature:
    return _chosen(read_word(Signature, form["signature"]))


def _chosen(word: Word | None) -> Word:
    if word is None:
        raise FieldRefused(_CHOOSE)
    return word


def _in_flight(form: Posted) -> int:
    number = read_number(form["max_in_flight"] or str(DEFAULT_IN_FLIGHT), least=1, most=MAX_IN_FLIGHT)
    if not number:
        raise FieldRefused(_IN_FLIGHT)
    return number


def _rate(form: Posted) -> float | None:
    if not form["max_rate"]:
        return None
    try:
        rate = float(form["max_rate"])
    except ValueError:
        raise FieldRefused(_RATE) from None
    if not 0 < rate <= MAX_RATE:
        raise FieldRefused(_RATE)
    return rate


def _schedule(form: Posted) -> tuple[timedelta, ...] | None:
    words = form["schedule"].replace(",", " ").split()
    pauses = [read_number(word, least=1, most=MAX_PAUSE) for word in words]
    if len(pauses) > MAX_PAUSES or not all(pauses):
        raise FieldRefused(_SCHEDULE)
    return tuple(timedelta(seconds=pause) for pause in pauses) or None


def _headers(form: Posted) -> dict[str, str]:
    headers = dict(_header_lines(form["headers"]))
    check_headers(headers.items())
    return headers


def _header_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon:
            raise FieldRefused(_HEADERS)
        yield name.strip().lower(), value.strip()


def _pem(name: str) -> Callable[[Posted], str]:
    def read(form: Posted) -> str:
        if len(form[name]) > MAX_PEM:
            raise FieldRefused(_LONG)
        return "".join(f"{line}\n" for line in form[name].splitlines())

    return read


_READERS: Final[Mapping[str, Callable[[Posted], Any]]] = {
    "url": _url,
    "types": _types,
    "outcome": _outcomes,
    "format": _format,
    "signature": _signature,
    "max_in_flight": _in_flight,
    "max_rate": _rate,
    "schedule": _schedule,
    "headers": _headers,
    "ca": _pem("ca"),
    "client_certificate": _pem("client_certificate"),
}
