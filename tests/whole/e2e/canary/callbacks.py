"""The words in callbacks: genuine, refused, unreadable, and spooled."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from devstack.waiting import until
from tests.whole.e2e.canary.words import (
    EXTRA,
    IDENTITY,
    NAME,
    NUMBER,
    WORD,
    new_biz_id,
    said,
    stands,
)
from tests.whole.e2e.ears import Ears
from tests.whole.e2e.gateway import PATIENCE


async def callbacks_of_every_kind(ears: Ears) -> None:
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


async def refused_callbacks(ears: Ears) -> None:
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


async def dead_letters(ears: Ears) -> None:
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
async def redis_away(ears: Ears) -> AsyncIterator[None]:
    """Redis does not answer during the block."""
    await ears.gateway.redis.execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    try:
        yield
    finally:
        await ears.gateway.redis.execute_command("CLIENT", "UNPAUSE")


async def spooled(ears: Ears, folder: Path) -> None:
    sends = [ears.post(ears.signed(said(new_biz_id()))) for _ in range(5)]
    assert set(await asyncio.gather(*sends)) == {200}
    segments = [file.read_bytes() for file in (folder / "spool").rglob("*.seg")]
    assert segments
    assert not any(stands(word, content) for word in (NAME, NUMBER, EXTRA) for content in segments)
