import re

import httpx2
import pytest

from tests.simulator.conftest import NOTIFY_URL, RETURN_URL, SECRETS, FakeClock, Vendor

URL = "/faceid/lite/get_token"


async def test_a_token_comes_with_its_biz_id_and_end(vendor: Vendor, clock: FakeClock) -> None:
    answer = (await vendor.get_token()).json()

    seconds = int(clock.now.timestamp())
    assert set(answer) == {"token", "biz_id", "expired_time", "request_id", "time_used"}
    assert re.fullmatch(rf"{seconds},[0-9a-f-]{{36}}", answer["biz_id"])
    assert answer["expired_time"] == seconds + 3002
    assert (await vendor.see(answer["biz_id"]))["status"] == "NOT_STARTED"


async def test_multipart_is_taken_too(client: httpx2.AsyncClient) -> None:
    fields = {
        "api_key": "demo-key",
        "api_secret": SECRETS["demo"],
        "return_url": RETURN_URL,
        "notify_url": NOTIFY_URL,
        "biz_no": "order-1",
    }
    files = {name: (None, value.encode()) for name, value in fields.items()}
    response = await client.post(URL, files=files)
    assert response.status_code == 200


@pytest.mark.parametrize("name", ["api_key", "api_secret", "return_url", "notify_url", "biz_no"])
@pytest.mark.parametrize("value", [None, ""])
async def test_every_required_argument_is_missed(vendor: Vendor, name: str, value: str | None) -> None:
    response = await vendor.get_token(**{name: value})
    assert response.status_code == 400
    assert response.json()["error_message"] == f"MISSING_ARGUMENTS: {name}"
    assert set(response.json()) == {"error_message", "request_id", "time_used"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("biz_no", "字" * 43),
        ("biz_extra_data", "x" * 4097),
        ("notify_url", "javascript:alert(1)"),
        ("return_url", "http://[broken"),
        ("action_http_method", "PUT"),
    ],
)
async def test_a_bad_argument_is_named(vendor: Vendor, name: str, value: str) -> None:
    response = await vendor.get_token(**{name: value})
    assert (response.status_code, response.json()["error_message"]) == (400, f"BAD_ARGUMENTS: {name}")


@pytest.mark.parametrize(("name", "value"), [("biz_no", "x" * 128), ("biz_extra_data", "x" * 4096)])
async def test_the_longest_values_are_taken(vendor: Vendor, name: str, value: str) -> None:
    assert (await vendor.get_token(**{name: value})).status_code == 200


@pytest.mark.parametrize(
    "change", [{"api_key": "nobody"}, {"api_secret": "wrong"}, {"api_secret": SECRETS["plus"]}]
)
async def test_wrong_credentials_are_refused(vendor: Vendor, change: dict[str, str]) -> None:
    response = await vendor.get_token(**change)
    assert (response.status_code, response.json()["error_message"]) == (403, "AUTHENTICATION_ERROR")


async def test_a_broken_form_is_a_bad_argument(client: httpx2.AsyncClient) -> None:
    response = await client.post(URL, content=b"??", headers={"content-type": "multipart/form-data"})
    assert (response.status_code, response.json()["error_message"]) == (400, "BAD_ARGUMENTS: body")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/get_token"), ("POST", "/get_result"), ("GET", "/x/y")]
)
async def test_unknown_paths_are_the_vendors_404(client: httpx2.AsyncClient, method: str, path: str) -> None:
    response = await client.request(method, f"/faceid/lite{path}")
    assert (response.status_code, response.json()["error_message"]) == (404, "API_NOT_FOUND")
