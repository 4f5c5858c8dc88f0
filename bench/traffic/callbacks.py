"""Signed callbacks of different people with all blocks, as the vendor sends them: about 2.8 kB of JSON.

Names, numbers, addresses, scores and times differ, so that neither a cache nor the compression of a batch
finds more in common than in real callbacks.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random, SystemRandom
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from domain.callback.signature import sign_data
from simulator.scenarios.identity import Identity, fake_number
from simulator.scenarios.payloads import Subject, passed

APP_ID: Final = "bench"
SECOND_APP_ID: Final = "bench-2"
"""An app whose verifications lists have to merge with those of the first one."""

API_KEY: Final = "bench-key"
API_SECRET: Final = "a secret of the benchmark's own"
NOTIFY_PATH: Final = f"/callbacks/{APP_ID}/notify"

_EPOCH: Final = 1_700_000_000
_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏辉梅"
_PLACES: Final = "东西南北中山河江湖海城关桥门安宁平和兴福长青石白云龙凤金"


class SignedCallback(msgspec.Struct, frozen=True):
    """One callback: the signed JSON and its form."""

    biz_id: str
    data: bytes
    form: bytes


def make_callbacks(count: int, *, seed: int = 1) -> list[SignedCallback]:
    """`count` callbacks, each of another verification; the same ones for the same seed."""
    random = Random(seed)
    return [_make_callback(random) for _ in range(count)]


def save_callbacks(callbacks: list[SignedCallback], file: Path) -> None:
    """Save callbacks for the other processes of a run."""
    file.write_bytes(msgspec.msgpack.encode(callbacks))


def load_callbacks(file: Path) -> list[SignedCallback]:
    """Load the callbacks from `save_callbacks`."""
    return msgspec.msgpack.decode(file.read_bytes(), type=list[SignedCallback])


def result_body(data: bytes) -> bytes:
    """The body of get_result for the verification of the callback `data`."""
    return (
        b'{"request_id": "1700000000,00000000-0000-4000-8000-000000000000", %b, "time_used": 9}' % data[1:-1]
    )


def renewed(callbacks: Sequence[SignedCallback]) -> Iterator[SignedCallback]:
    """Endless callbacks, each of another verification, since none is decided twice.

    The last digits of a biz_id count them, so that `number_of` finds the callback it was made of.
    """
    first = SystemRandom().getrandbits(64) << 64
    for number in count():
        yield _renew(callbacks[number % len(callbacks)], str(UUID(int=first + number)))


def number_of(biz_id: str) -> int:
    """The number of a callback of `renewed`, from 0."""
    return int(biz_id[-12:], 16)


def _renew(callback: SignedCallback, new_id: str) -> SignedCallback:
    old, new = callback.biz_id[-36:].encode(), new_id.encode()
    data = callback.data.replace(old, new)
    sign = sign_data(data, API_SECRET.encode())
    form = callback.form.replace(old, new)[: -len(sign)] + sign
    return SignedCallback(callback.biz_id[:-36] + new_id, data, form)


def _make_callback(random: Random) -> SignedCallback:
    verified_at = _EPOCH + random.randrange(30_000_000)
    biz_id = f"{verified_at},{UUID(int=random.getrandbits(128), version=4)}"
    name = random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=random.choice((1, 2, 2))))
    blocks = passed(Subject(Identity(name, fake_number(biz_id)), verified_at))
    biz_info = {"biz_extra_data": "", "biz_id": biz_id, "biz_no": random.randbytes(12).hex()}
    payload = {"status": "OK", "biz_info": biz_info, **_vary(blocks, random, _card_of(random))}
    data = json.dumps(payload).encode()
    sign = sign_data(data, API_SECRET.encode())
    return SignedCallback(biz_id, data, urlencode({"data": data, "sign": sign}).encode())


def _vary(value: Any, random: Random, card: dict[str, str]) -> Any:
    """The simulator's payload with this person's card and random scores."""
    if isinstance(value, dict):
        return {key: item if "threshold" in key else _vary(item, random, card) for key, item in value.items()}
    if isinstance(value, float):
        return round(value * random.uniform(0.95, 1), 3)
    return card.get(value, value) if isinstance(value, str) else value


def _card_of(random: Random) -> dict[str, str]:
    """The values on this person's card, by the simulator's values that they replace."""
    city, district, road = ("".join(random.choices(_PLACES, k=2)) for _ in range(3))
    year, day = random.randrange(2006, 2025), f"{random.randrange(1, 13):02}.{random.randrange(1, 29):02}"
    since, until = f"{year}.{day}", f"{year + 20}.{day}"
    return {
        "测试市测试区测试路1号": f"{city}市{district}区{road}路{random.randrange(1, 999)}号",
        "测试市公安局": f"{city}市公安局",
        "2015.03.07-2035.03.07": f"{since}-{until}",
        "20150307": since.replace(".", ""),
        "20350307": until.replace(".", ""),
    }
