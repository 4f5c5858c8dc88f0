"""What an endpoint may not have is refused by name, and no refusal repeats it."""

import msgspec
import pytest

from domain.events.webhooks.checks import (
    MAX_HEADER_VALUE,
    MAX_HEADERS,
    MAX_URL,
    check_headers,
    check_settings,
    check_url,
)
from domain.events.webhooks.endpoint import EndpointSettings
from domain.events.webhooks.mistakes import MEANINGS, EndpointRefused, Mistake

URL = "https://shop.example/hook"

WRONG_URLS = {
    "ftp://shop.example/": Mistake.URL_NOT_HTTP,
    "shop.example/hook": Mistake.URL_NOT_HTTP,
    "//shop.example/hook": Mistake.URL_NOT_HTTP,
    "https://": Mistake.URL_NOT_HTTP,
    "https:///hook": Mistake.URL_NOT_HTTP,
    "https://:443/hook": Mistake.URL_NOT_HTTP,
    "https://shop.example:0/": Mistake.URL_NOT_HTTP,
    "https://shop.example:99999/": Mistake.URL_NOT_HTTP,
    "https://shop.example:port/": Mistake.URL_NOT_HTTP,
    "https://[::1/": Mistake.URL_NOT_HTTP,
    "https://shop.example/a b": Mistake.URL_NOT_HTTP,
    "https://shop.example/a\nb": Mistake.URL_NOT_HTTP,
    "https://shop.example/a\0": Mistake.URL_NOT_HTTP,
    "https://good.example\\@evil.example/": Mistake.URL_NOT_HTTP,
    " https://shop.example/": Mistake.URL_NOT_HTTP,
    "": Mistake.URL_NOT_HTTP,
    f"{URL}/{'a' * MAX_URL}": Mistake.URL_NOT_HTTP,
    "https://user:canary@shop.example/": Mistake.URL_WITH_CREDENTIALS,
    "https://user@shop.example/": Mistake.URL_WITH_CREDENTIALS,
    "https://@shop.example/": Mistake.URL_WITH_CREDENTIALS,
    f"{URL}#part": Mistake.URL_WITH_FRAGMENT,
    f"{URL}#": Mistake.URL_WITH_FRAGMENT,
}


@pytest.mark.parametrize(("url", "mistake"), WRONG_URLS.items())
def test_a_wrong_url_is_refused_by_name(url: str, mistake: Mistake) -> None:
    with pytest.raises(EndpointRefused) as refused:
        check_url(url)
    assert refused.value.code == mistake
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url", [URL, "http://shop.example:8080", "https://[2606:4700::1]/x", "HTTPS://商店.example/?a=b@c"]
)
def test_a_url_of_http_is_accepted(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "types", [("*",), ("verification.*",), ("*.approved",), ("verification.approved", "policy.activated")]
)
def test_types_that_match_an_event_are_accepted(types: tuple[str, ...]) -> None:
    check_settings(EndpointSettings(url=URL, types=types))


@pytest.mark.parametrize(
    "wrong", ["verification", "verification.aproved", "", "verification.?ejected", "[v]*", "endpoint.test"]
)
def test_a_type_that_matches_no_event_is_refused(wrong: str) -> None:
    with pytest.raises(EndpointRefused) as refused:
        check_settings(EndpointSettings(url=URL, types=("verification.*", wrong)))
    assert refused.value.code == Mistake.UNKNOWN_EVENT_TYPE


@pytest.mark.parametrize(
    "name",
    ["host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "te",
     "upgrade", "expect", "proxy-authorization", "webhook-id", "webhook-signature", "webhook-x"],
)  # fmt: skip
def test_a_header_that_would_replace_ours_is_refused(name: str) -> None:
    assert _refusal_of([(name, "x")]) == Mistake.HEADER_RESERVED


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("x y", "x"), ("x:", "x"), ("x\r\n", "x"), ("ä", "x"), ("x" * 65, "x"), ("x", ""),
     ("x", "a\r\nb: c"), ("x", "a\0"), ("x", " a"), ("x", "a "), ("x", "ä"),
     ("x", "a" * (MAX_HEADER_VALUE + 1))],
)  # fmt: skip
def test_a_malformed_header_is_refused(name: str, value: str) -> None:
    assert _refusal_of([(name, value)]) == Mistake.HEADER_INVALID


def test_only_some_headers_may_be_added() -> None:
    many = [(f"x-{n}", "a") for n in range(MAX_HEADERS)]
    check_headers([*many[:-1], ("authorization", "Bearer a b")])
    assert _refusal_of([*many, ("x-more", "a")]) == Mistake.HEADER_INVALID


def test_every_mistake_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Mistake)


def test_no_repr_shows_what_may_be_secret() -> None:
    settings = EndpointSettings(url=f"{URL}?token=canary")
    assert "canary" not in repr(settings)
    assert "canary" not in repr(msgspec.structs.replace(settings, max_rate=1.0))


def _refusal_of(headers: list[tuple[str, str]]) -> str:
    with pytest.raises(EndpointRefused) as refused:
        check_headers(headers)
    return refused.value.code
