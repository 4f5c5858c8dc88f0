"""A name, a number and secrets go through every flow and every refusal; afterwards they are found nowhere.

Searched: every answer of ingress and api, what Redis and PostgreSQL tell, and every file of the data folder:
logs, Valkey's append-only file, PostgreSQL's tables and write-ahead log, the spool.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
import pytest_asyncio

from adapters.postgres.engine import create_engine
from devstack.stack import Stack
from devstack.waiting import until
from simulator.api.results import JPEG
from tests.support.storage.stores import dump_database, dump_redis
from tests.whole.e2e.ears import Ears
from tests.whole.e2e.gateway import PATIENCE, finished_callback

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME: Final = "司马金丝雀"
NUMBER: Final = "110101199003078888"
RIGHT_NUMBER: Final = "110101199003078881"
"""A number that is searched for, and that no verification has."""
EXTRA: Final = "canary-extra-5d1c"
PICTURE: Final = b"canary-picture-9a77"
WORD: Final = "canarywordcf02"
ORDER: Final = "canary-order-31b0"
"""A biz_no, which is kept in the clear."""

IDENTITY: Final = {"idcard_name": NAME, "idcard_number": NUMBER}
OURS: Final = {"secrets.json", "dev.json"}
"""Where `dev` itself keeps its secrets, for the owner alone."""


@pytest_asyncio.fixture(loop_scope="session")
async def ears(stack: Stack) -> AsyncIterator[Ears]:
    ears = Ears(stack)
    yield ears
    await ears.gateway.aclose()


def said(biz_id: str, **more: Any) -> dict[str, Any]:
    """A callback of a flow that has ended, about the canary."""
    tree = finished_callback(biz_id) | {"idcard_info": dict(IDENTITY)} | more
    tree["biz_info"]["biz_extra_data"] = EXTRA
    return tree


def new_biz_id() -> str:
    return f"1700000000,{uuid4()}"


async def test_the_canary_is_found_nowhere(ears: Ears, stack: Stack, stack_folder: Path) -> None:
    shown = await _endpoints(ears)
    await _callbacks_of_every_kind(ears)
    await _refused_callbacks(ears)
    await _orders_and_registrations(ears)
    await _refused_requests(ears)
    await _dead_letters(ears)
    async with _redis_away(ears):
        await _spooled(ears, stack_folder)
    await ears.gateway.settled()
    await _everything_that_can_be_read(ears)
    await _identity(ears)
    secrets = stack.secrets
    words = [NAME, NUMBER, RIGHT_NUMBER, EXTRA, PICTURE.decode(), WORD, *shown]
    words += [secrets.api_secret, secrets.api_token, secrets.master_key]
    engine = create_engine(stack.database_url)
    texts = {
        "answers": "\n".join(ears.heard),
        "redis": await dump_redis(ears.gateway.redis),
        "database": await dump_database(engine),
    }
    await engine.dispose()
    places = {place: text.encode() for place, text in texts.items()}
    places |= await asyncio.to_thread(_files_of, stack_folder)
    assert [
        (place, word) for place, content in places.items() for word in words if _stands(word, content)
    ] == []
    _assert_no_picture_is_readable(places)
    _assert_the_search_finds(places)
    assert len(ears.heard) > 60
    assert texts["database"].count("decision.saved") >= 4


def _files_of(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.name not in OURS)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def _assert_no_picture_is_readable(places: Mapping[str, bytes]) -> None:
    """The simulator's pictures were stored, and are found nowhere as they are."""
    assert [place for place in places if place.startswith("pictures/")]
    encoded = base64.b64encode(JPEG).rstrip(b"=")
    assert [place for place, content in places.items() if JPEG in content or encoded in content] == []


def _assert_the_search_finds(places: Mapping[str, bytes]) -> None:
    """What is kept in the clear is found where it has to be."""
    found = [place for place, content in places.items() if _stands(ORDER, content)]
    assert {"answers", "database"} <= set(found)
    assert any("pg_wal" in place for place in found)
    assert any("appendonly" in place for place in places)
    assert any(b"decision.saved" in content for place, content in places.items() if "worker" in place)


def _stands(word: str, content: bytes) -> bool:
    plain = word.encode()
    spellings = (plain, json.dumps(word)[1:-1].encode(), quote(word).encode(), plain.hex().encode(),
                 plain.hex().upper().encode(), base64.b64encode(plain).rstrip(b"="))  # fmt: skip
    return any(spelling in content for spelling in spellings)


async def _endpoints(ears: Ears) -> list[str]:
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


async def _callbacks_of_every_kind(ears: Ears) -> None:
    gateway = ears.gateway
    for scenario in ("pass", "attack", "cancelled", "face_mismatch", "tampered"):
        started = await gateway.simulate(scenario, **{"return": "post"}, **IDENTITY)
        await gateway.decided(started["biz_id"])
    quiet = (await gateway.simulate("pass", notify=False, **IDENTITY))["biz_id"]
    for to in ("return", "notify"):
        assert await ears.post(ears.signed(said(quiet)), to=to) == 200
    await gateway.decided(quiet)
    assert await ears.post(ears.signed(said(quiet, status="FAILED"))) == 200
    await gateway.event(quiet, "callback.conflict")
    nobody = new_biz_id()
    assert await ears.post(ears.signed(said(nobody))) == 200
    await gateway.decided(nobody)


async def _refused_callbacks(ears: Ears) -> None:
    gateway, genuine = ears.gateway, ears.signed(said(new_biz_id()))
    forms = [
        {**genuine, "sign": "0" * 40},
        {**genuine, "sign": NUMBER},
        {"data": genuine["data"]},
        {NUMBER: NAME},
        ears.signed(json.dumps(said(new_biz_id())).encode() + NUMBER.encode()),
        ears.signed(f'["{NUMBER}"]'.encode()),
    ]
    for to in ("notify", "return"):
        for form in forms:
            assert await ears.post(form, to=to) in {400, 401}
        assert await ears.post(genuine, to=to, app_id=quote(NAME)) == 401
        twice = [*genuine.items(), ("data", NUMBER)]
        assert (await gateway.post(urlencode(twice).encode(), to=to)).status_code == 400
        url = f"{gateway.stack.ingress_url}/callbacks/demo/{to}?name={quote(NAME)}&id={NUMBER}"
        parts = {name: (f"{NUMBER}.txt", value) for name, value in genuine.items()}
        assert (await gateway.web.post(url, files=parts)).status_code == 400
        typed = {"content-type": f"text/{WORD}"}
        assert (await gateway.web.post(url, content=NUMBER, headers=typed)).status_code == 415
        assert (await gateway.web.put(url, content=NUMBER)).status_code == 405
    assert (await gateway.browse(f"{NUMBER}{NAME}")).status_code == 400
    assert (await gateway.web.get(f"{gateway.stack.ingress_url}/{NUMBER}/{quote(NAME)}")).status_code == 404


async def _orders_and_registrations(ears: Ears) -> None:
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


async def _refused_requests(ears: Ears) -> None:
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


async def _dead_letters(ears: Ears) -> None:
    odd: list[dict[str, Any]] = [
        {"idcard_info": {"idcard_name": {NUMBER: NAME}}},
        {"idcard_info": {**IDENTITY, "ocr_front_quality": {NUMBER: NAME}}},
        {"verify_result": {"result_faceid": {"confidence": NUMBER + "x"}}},
    ]
    broken: list[dict[str, Any]] = [{"biz_info": {"biz_id": NAME}}, {"biz_info": {}}]
    for more in odd + broken:
        assert await ears.post(ears.signed(said(new_biz_id()) | {"note": str(uuid4())} | more)) == 200
    api = ears.gateway.api

    async def buried() -> bool:
        return len((await api.get("/v1/dead-letters")).json()["items"]) >= len(broken)

    await until(buried, patience=PATIENCE)
    for letter in (await api.get("/v1/dead-letters")).json()["items"]:
        assert (await api.post(f"/v1/dead-letters/{letter['id']}/retry")).status_code == 202
    await until(buried, patience=PATIENCE)
    for letter in (await api.get("/v1/dead-letters")).json()["items"]:
        assert (await api.delete(f"/v1/dead-letters/{letter['id']}")).status_code == 204


@asynccontextmanager
async def _redis_away(ears: Ears) -> AsyncIterator[None]:
    """Redis does not answer during the block."""
    await ears.gateway.redis.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    try:
        yield
    finally:
        await ears.gateway.redis.execute_command("CLIENT", "UNPAUSE")


async def _spooled(ears: Ears, folder: Path) -> None:
    sends = [ears.post(ears.signed(said(new_biz_id()))) for _ in range(5)]
    assert set(await asyncio.gather(*sends)) == {200}
    segments = [file.read_bytes() for file in (folder / "spool").rglob("*.seg")]
    assert segments
    assert not any(_stands(word, content) for word in (NAME, NUMBER, EXTRA) for content in segments)


async def _identity(ears: Ears) -> None:
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


async def _everything_that_can_be_read(ears: Ears) -> None:
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
