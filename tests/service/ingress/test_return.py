"""The user's browser goes on to the app's landing page or sees a page of ours, and learns nothing else."""

import re

import httpx2
import pytest
from fastapi import FastAPI

from domain.errors import NotDurable
from domain.model import AcceptedCallback, CallbackKind
from service.ingress.pages import STYLE, preferred_language
from tests.service.conftest import FakeIntake, assert_problem
from tests.support.http.asgi import FORM, SECRET, send, signed
from tests.support.payloads.callbacks import ID_NUMBER, NAME, dump
from tests.support.storage.stores import NOW, biz_id, payload

DATA = dump(payload())
CANARY = "canary0123456789"
LANDED = f"https://shop.example/done?step=3&biz_id={biz_id().replace(',', '%2C')}#top"


async def post(
    web: httpx2.AsyncClient,
    body: bytes,
    *,
    app_id: str = "demo",
    language: str = "en",
    content_type: str = FORM,
) -> httpx2.Response:
    headers = {"content-type": content_type, "accept-language": language}
    return await web.post(f"/callbacks/{app_id}/return", content=body, headers=headers)


async def get(
    web: httpx2.AsyncClient, query: str, *, app_id: str = "demo", language: str = "en"
) -> httpx2.Response:
    return await web.get(f"/callbacks/{app_id}/return?{query}", headers={"accept-language": language})


async def test_a_signed_return_is_kept_and_goes_on_to_the_landing_page(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    answer = await post(web, signed(DATA), app_id="shop")
    assert (answer.status_code, answer.headers["location"]) == (303, LANDED)
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert intake.accepted == [AcceptedCallback("shop", CallbackKind.RETURN, NOW, 0, DATA)]


async def test_a_signed_return_without_a_known_biz_id_goes_on_without_one(web: httpx2.AsyncClient) -> None:
    for data in (
        b"{}",
        b'{"biz_id": "<script>"}',
        b'{"biz_info": {"biz_id": "a b"}}',
        b'{"biz_id": 1234567}',
    ):
        answer = await post(web, signed(data), app_id="shop")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "https://shop.example/done?step=3#top",
        )


async def test_a_return_without_a_signature_redirects_and_is_not_stored(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    answer = await get(web, f"biz_id={biz_id()}", app_id="shop")
    assert (answer.status_code, answer.headers["location"]) == (303, LANDED)
    assert intake.accepted == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("language", "words", "tag"),
    [
        ("zh-CN,zh;q=0.9", ("已提交", "请返回原应用"), "zh"),
        ("en-GB,en;q=0.8", ("Submitted", "Please go back to the app"), "en"),
        ("fr", ("已提交", "请返回原应用"), "zh"),
    ],
)
async def test_without_a_landing_page_the_browser_shows_ours(
    web: httpx2.AsyncClient, method: str, language: str, words: tuple[str, str], tag: str
) -> None:
    word = words[method == "GET"]
    if method == "GET":
        answer = await get(web, f"biz_id={biz_id()}", language=language)
    else:
        answer = await post(web, signed(DATA), language=language)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{tag}">' in answer.text
    assert word in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["vary"] == "accept-language"
    for secret in (NAME, ID_NUMBER, biz_id()):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (b"", "zh"),
        (b"en", "en"),
        (b"EN-us", "en"),
        (b"fr, en;q=0.5", "en"),
        (b"zh;q=0.1, en;q=0.9", "en"),
        (b"en;q=0.1, zh-Hant;q=0.9", "zh"),
        (b"en, zh", "en"),
        (b"zh, en", "zh"),
        (b"en;q=nonsense, zh;q=0.1", "zh"),
        (b"en;q=nan", "zh"),
        (b"\xff\xfe;q=\x00", "zh"),
        (b"english", "zh"),
        (b"," * 40_000_000 + b"en", "zh"),
        (b",;q=1,,", "zh"),
    ],
)
def test_the_language_that_weighs_most_is_spoken(header: bytes, language: str) -> None:
    assert preferred_language(header) == language


STATUSES = [
    ('"OK"', "已提交", "Submitted"),
    ('"FAILED"', "已提交", "Submitted"),
    ('"CANCELLED"', "已取消", "Cancelled"),
    ('" cancelled "', "已取消", "Cancelled"),
    ('"TIMEOUT"', "已超时", "Timed out"),
    ('"WEBRTC_UNSUPPORTED"', "无法完成认证", "Not completed"),
    ('"PROCESSING"', "请返回原应用", "Please go back"),
    ('"<script>"', "请返回原应用", "Please go back"),
    ("null", "请返回原应用", "Please go back"),
    ("[1e999]", "请返回原应用", "Please go back"),
]


@pytest.mark.parametrize(("status", "chinese", "english"), STATUSES)
async def test_the_page_shows_the_end_of_the_flow_and_not_the_result(
    web: httpx2.AsyncClient, status: str, chinese: str, english: str
) -> None:
    data = f'{{"status": {status}, "biz_info": {{"biz_id": "{biz_id()}"}}}}'.encode()
    for language, word in (("zh", chinese), ("en", english)):
        answer = await post(web, signed(data), language=language)
        assert f"<h1>{word}" in answer.text
        assert ("已提交" in answer.text) == (chinese == "已提交" and language == "zh")


def test_the_page_can_be_read_in_light_and_in_dark() -> None:
    for style in STYLE.split("@media (prefers-color-scheme: dark)"):
        colours = dict(re.findall(r"--(\w+): #(\w{6})", style))
        assert _contrast(colours["text"], colours["card"]) >= 7
        assert _contrast(colours["soft"], colours["card"]) >= 6.5
        assert _contrast(colours["text"], colours["page"]) >= 7


def _contrast(one: str, other: str) -> float:
    """WCAG 2.1, 1.4.3."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_a_bare_return_is_answered_the_same_for_any_id_and_app(web: httpx2.AsyncClient) -> None:
    answers = [
        await get(web, f"biz_id={biz_id(n)}", app_id=app_id) for n in (1, 2) for app_id in ("demo", "nobody")
    ]
    assert len({(answer.status_code, answer.content, str(answer.headers)) for answer in answers}) == 1


REFUSED = [
    ("no field", 400, b"", FORM),
    ("data twice", 400, b"data=x&" + signed(DATA), FORM),
    ("not JSON", 400, signed(CANARY.encode()), FORM),
    ("wrong sign", 401, signed(DATA, secret=b"wrong"), FORM),
    ("too large", 413, signed(CANARY.encode() * 3000), FORM),
    ("no form", 415, DATA, "application/json"),
]


@pytest.mark.parametrize(
    ("status", "body", "content_type"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
@pytest.mark.parametrize("app_id", ["demo", "shop"])
async def test_a_refused_return_is_a_page_and_echoes_nothing(
    web: httpx2.AsyncClient, intake: FakeIntake, app_id: str, status: int, body: bytes, content_type: str
) -> None:
    answer = await post(web, body, app_id=app_id, content_type=content_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "cannot be processed" in answer.text
    assert "location" not in answer.headers
    assert "www-authenticate" not in answer.headers, "a browser would ask for a password"
    for secret in (CANARY, NAME, ID_NUMBER, SECRET.decode()):
        assert secret not in answer.text
    assert intake.accepted == []


async def test_unknown_app_and_wrong_sign_are_indistinguishable(web: httpx2.AsyncClient) -> None:
    wrong = await post(web, signed(DATA, secret=b"wrong"))
    unknown = await post(web, signed(DATA), app_id="nobody")
    assert (wrong.status_code, wrong.content, wrong.headers) == (401, unknown.content, unknown.headers)


async def test_a_callback_that_cannot_be_stored_gets_a_retry_after(
    web: httpx2.AsyncClient, intake: FakeIntake
) -> None:
    intake.error = NotDurable(CANARY)
    answer = await post(web, signed(DATA), app_id="shop", language="en")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "reload this page" in answer.text
    assert CANARY not in answer.text


@pytest.mark.parametrize("query", [f"biz_id={CANARY}%0d%0aset-cookie:x=1", f"biz_id=//{CANARY}.example/"])
async def test_no_header_and_no_address_can_be_injected(web: httpx2.AsyncClient, query: str) -> None:
    answer = await get(web, query, app_id="shop")
    assert answer.status_code == 400
    assert CANARY not in f"{answer.text} {answer.headers}"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(ingress: FastAPI, method: str) -> None:
    reply = await send(ingress, "/callbacks/demo/return", method=method)
    assert reply.status == 405
    assert reply.json()["code"] == "method_not_allowed"


async def test_head_is_get_without_a_body(web: httpx2.AsyncClient) -> None:
    answer = await web.head(f"/callbacks/shop/return?biz_id={biz_id()}")
    assert (answer.status_code, answer.headers["location"]) == (303, LANDED)


async def test_another_path_is_answered_with_a_problem(web: httpx2.AsyncClient) -> None:
    assert_problem(await web.get("/callbacks/demo/returns"), 404, "not_found")
