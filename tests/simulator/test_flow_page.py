"""The page in the browser: clicks, refusals, and both ways back."""

import html
import re
from datetime import timedelta

import httpx2
import pytest

from simulator.scenarios.table import Scenario
from tests.simulator.conftest import NOTIFY_URL, RETURN_URL, FakeClock, Json, Receiver, Vendor

URL = "/faceid/lite/do"


async def token_of(vendor: Vendor, **changes: str) -> Json:
    answer: Json = (await vendor.get_token(**changes)).json()
    return answer


async def click(vendor: Vendor, token: str, scenario: str) -> httpx2.Response:
    return await vendor.client.post(URL, data={"token": token, "scenario": scenario})


async def test_the_page_has_a_button_per_scenario(vendor: Vendor) -> None:
    token = (await token_of(vendor, biz_no="<b>&order"))["token"]
    text = (await vendor.client.get(URL, params={"token": token})).text

    assert re.findall(r'name="scenario" value="(\w+)"', text) == [scenario.value for scenario in Scenario]
    assert "&lt;b&gt;&amp;order" in text
    assert "<b>&order" not in text
    assert re.findall(r'(?:src|href)="(?!data:)', text) == []


async def test_a_click_notifies_and_posts_the_browser_back(vendor: Vendor, receiver: Receiver) -> None:
    token = await token_of(vendor)
    page = await click(vendor, token["token"], "pass")

    [notify] = receiver.received
    assert (notify.method, notify.url) == ("POST", NOTIFY_URL)
    assert f'method="post" action="{RETURN_URL}"' in page.text
    fields = dict(re.findall(r'name="(data|sign)" value="([^"]*)"', page.text))
    assert html.unescape(fields["data"]).encode() == notify.data
    assert fields["sign"] == notify.sign
    seen = await vendor.see(token["biz_id"])
    assert (seen["scenario"], seen["status"]) == ("pass", "OK")
    assert seen["sent"] == [{"to": "notify", "http_status": 200, "error": None, "location": None}]


@pytest.mark.parametrize("method", ["GET", "get"])
async def test_a_click_redirects_the_browser_by_get(vendor: Vendor, method: str) -> None:
    token = await token_of(vendor, action_http_method=method, return_url=f"{RETURN_URL}?a=b")
    response = await click(vendor, token["token"], "cancelled")

    assert response.status_code == 303
    biz_id = token["biz_id"].replace(",", "%2C")
    assert response.headers["location"] == f"{RETURN_URL}?a=b&biz_id={biz_id}"


async def test_silent_only_sends_the_browser_back(vendor: Vendor, receiver: Receiver) -> None:
    page = await click(vendor, (await token_of(vendor))["token"], "silent")
    assert receiver.received == []
    assert RETURN_URL in page.text


async def test_an_extended_body_is_posted_by_the_simulator_itself(vendor: Vendor, receiver: Receiver) -> None:
    receiver.status = 400
    page = await click(vendor, (await token_of(vendor))["token"], "extended")

    assert [request.url for request in receiver.received] == [NOTIFY_URL, RETURN_URL]
    assert receiver.received[0].data == receiver.received[1].data
    assert "HTTP 400" in page.text


async def test_an_unknown_token_is_refused(vendor: Vendor) -> None:
    for response in (await vendor.client.get(URL), await click(vendor, "nothing", "pass")):
        assert response.status_code == 404
        assert "链接无效" in response.text


async def test_an_expired_token_is_refused(vendor: Vendor, clock: FakeClock) -> None:
    token = (await token_of(vendor))["token"]
    clock.go_on(timedelta(minutes=51))
    for response in (
        await vendor.client.get(URL, params={"token": token}),
        await click(vendor, token, "pass"),
    ):
        assert response.status_code == 410
        assert "链接已过期" in response.text


async def test_a_token_serves_one_flow(vendor: Vendor, receiver: Receiver) -> None:
    token = (await token_of(vendor))["token"]
    await click(vendor, token, "pass")
    again = await click(vendor, token, "face_mismatch")

    assert again.status_code == 410
    assert "链接已使用" in again.text
    assert len(receiver.received) == 1


async def test_an_unknown_scenario_leaves_the_flow_open(vendor: Vendor) -> None:
    token = (await token_of(vendor))["token"]
    assert (await click(vendor, token, "fly")).status_code == 400
    assert (await click(vendor, token, "pass")).status_code == 200
