"""The words in requests of the api: orders, endpoints, identity, and everything that can be read."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.whole.e2e.canary.words import (
    EXTRA,
    IDENTITY,
    NAME,
    NUMBER,
    ORDER,
    PICTURE,
    RIGHT_NUMBER,
    WORD,
    new_biz_id,
    said,
)
from tests.whole.e2e.ears import Ears


async def endpoints(ears: Ears) -> list[str]:
    """Webhook endpoints, wrong ones too; the secrets, which two answers show."""
    api = ears.gateway.api
    right = {
        "app_id": "demo",
        "url": "http://93.184.216.34:9/",
        "headers": {"x-canary": WORD},
        "ed25519": True,
    }
    wrong: list[dict[str, Any]] = [
        {"url": f"https://{WORD}:{WORD}@shop.example/"},
        {"url": f"http://10.0.0.1/{WORD}"},
        {"types": [WORD]},
        {"headers": {WORD: "\n"}},
        {"headers": {"host": WORD}},
        {"ca": WORD},
        {"client_certificate": WORD},
        {WORD: WORD},
    ]
    for more in wrong:
        assert (await api.post("/v1/endpoints", json=right | more)).status_code == 422
    created = await api.post("/v1/endpoints", json=right)
    assert created.status_code == 201, created.text
    ears.heard.pop()
    own = f"/v1/endpoints/{created.json()['id']}"
    # Before there is an event, so that nothing is sent there.
    assert (await api.post(f"{own}/disable")).status_code == 200
    rotated = await api.post(f"{own}/rotate-secret")
    assert rotated.status_code == 200
    ears.heard.pop()
    assert (await api.patch(own, json={"headers": {"x-more": WORD}})).status_code == 200
    for path in (own, "/v1/endpoints"):
        assert (await api.get(path)).status_code == 200
    return [created.json()["secret"], rotated.json()["secret"]]


async def orders_and_registrations(ears: Ears) -> None:
    gateway = ears.gateway
    order: dict[str, Any] = {"app_id": "demo", "biz_no": str(uuid4()), "biz_extra_data": EXTRA, **IDENTITY}
    order |= {"image_ref1": base64.b64encode(PICTURE).decode(), "extra": {"canary": WORD}}
    ordered = await gateway.api.post("/v1/verifications", json=order)
    assert ordered.status_code == 201
    biz_id = ordered.json()["biz_id"]
    await gateway.simulate("pass", biz_id=biz_id)
    assert (await gateway.decided(biz_id))["outcome"] == "approved"
    # Nobody listens at the vendor's address of this app.
    away = await gateway.api.post("/v1/verifications", json={**order, "app_id": "sample"})
    assert away.json()["code"] == "vendor_unavailable"
    refused = await gateway.api.post("/v1/verifications", json={**order, "extra": {"return_url2": WORD}})
    assert refused.status_code in {201, 502}
    silent = new_biz_id()
    ends = datetime.now(UTC) - timedelta(seconds=5)
    registering = {"app_id": "demo", "biz_no": ORDER, "expires_at": ends.isoformat()}
    assert (await gateway.api.put(f"/v1/verifications/{silent}", json=registering)).status_code == 201
    pulled = await gateway.api.post(f"/v1/verifications/{silent}/pull", params={"app_id": "demo"})
    assert pulled.status_code == 202
    await gateway.event(silent, "pull.finished")
    assert await ears.post(ears.signed(said(silent))) == 200
    await gateway.decided(silent)


async def refused_requests(ears: Ears) -> None:
    api, right = ears.gateway.api, {"app_id": "demo", "biz_no": str(uuid4())}
    wrong: list[dict[str, Any]] = [
        {NUMBER: NAME},
        {"idcard_name": [NAME]},
        {"idcard_number": {NUMBER: NAME}},
        {"image_ref1": NUMBER},
        {"extra": {NUMBER: NAME}},
        {"extra": {"notify_url": f"https://{WORD}.example"}},
        {"biz_no": NUMBER * 20},
        {"procedure_type": NAME},
        {"web_title": NAME * 20},
    ]
    for more in wrong:
        assert (await api.post("/v1/verifications", json={**right, **more})).status_code == 422
    for body in (f'{{"a": "{NUMBER}', f'{{"{NUMBER}": "\\ud800"}}', f'"{NUMBER}"'):
        headers = {"content-type": "application/json"}
        assert (await api.post("/v1/verifications", content=body, headers=headers)).status_code == 422
    for more in ({"expires_at": NUMBER}, {NAME: NUMBER}):
        put = await api.put(f"/v1/verifications/{new_biz_id()}", json={**right, **more})
        assert put.status_code == 422
    for path in (f"/v1/verifications/{NUMBER}", f"/v1/verifications?cursor={NUMBER}", f"/v1/{WORD}"):
        assert (await api.get(path)).status_code in {400, 404}
    stranger = await api.get("/v1/verifications", headers={"authorization": f"Bearer {WORD}"})
    assert stranger.status_code == 401
    # A message repeats a policy's keys, which its author wrote, and never its values.
    policy = f'name = "{NUMBER}"\n[face]\nlevel = "{WORD}"\n'
    assert (await api.post("/v1/policies/backtest", json={"policy": policy})).status_code == 422


async def reads_of_identity(ears: Ears) -> None:
    """Reads of identity, whose answers alone show it, and what is refused."""
    api = ears.gateway.api
    listed = (await api.get("/v1/verifications", params={"limit": 100})).json()["items"]
    shown: list[str] = []
    for each in listed:
        read = {"fields": ["name", "id_number"], "reason": "canary"}
        path, params = f"/v1/verifications/{each['biz_id']}/identity", {"app_id": each["app_id"]}
        assert (await api.post(path, params=params, json=read | {"reason": RIGHT_NUMBER})).status_code == 422
        answer = await api.post(path, params=params, json=read)
        assert answer.status_code == 200, answer.text
        shown.append(ears.heard.pop())
    assert any(NAME in each and NUMBER in each for each in shown)
    person = {"app_id": "demo", "id_number": NUMBER, "reason": "canary"}
    for path in ("/v1/persons/search", "/v1/persons/export"):
        # Its check digit is wrong.
        assert (await api.post(path, json=person)).status_code == 422
        assert (await api.post(path, json=person | {"id_number": f"{NAME}{NUMBER}"})).status_code == 422
        assert (await api.post(path, json=person | {NUMBER: NAME})).status_code == 422
        right = person | {"id_number": RIGHT_NUMBER}
        assert (await api.post(path, json=right)).status_code == 200
        assert (await api.post(path, json=right | {"reason": f"of {RIGHT_NUMBER}"})).status_code == 422


async def everything_that_can_be_read(ears: Ears) -> None:
    gateway = ears.gateway
    listed = (await gateway.api.get("/v1/verifications", params={"limit": 100})).json()["items"]
    assert listed
    for each in listed:
        path, params = f"/v1/verifications/{each['biz_id']}", {"app_id": each["app_id"]}
        for part in ("", "/timeline", "/explanation"):
            assert (await gateway.api.get(path + part, params=params)).status_code in {200, 409}
    for path in ("/v1/dead-letters", "/v1/policies", "/metrics", "/readyz", "/openapi.json"):
        assert (await gateway.api.get(path)).status_code == 200
    assert (await gateway.web.get(f"{gateway.stack.ingress_url}/readyz")).status_code == 200
