"""Verifications whose biz_id says how the vendor is to behave about them, their callbacks and results.

A biz_id is `<seconds>,<uuid>`; here the seconds are the number of a script, so that no process has to be
told about a verification: not the vendor, which outlives everybody, and not one that was just restarted.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus, urlencode
from uuid import UUID, uuid4

from devstack.environment import APP_ID
from domain.callback.signature import sign_data
from domain.model import AcceptedCallback, CallbackKind
from simulator.api.results import JPEG
from simulator.scenarios.identity import Identity, fake_number
from simulator.scenarios.payloads import Subject, passed

FIRST_SECOND: Final = 1_700_000_000

_SUBJECT: Final = Subject(Identity("测试", fake_number("faults")), FIRST_SECOND)
_BIZ_INFO: Final = {"biz_extra_data": "", "biz_id": "@", "biz_no": "faults"}
_HEAD, _TAIL = json.dumps({"status": "OK", "biz_info": _BIZ_INFO, **passed(_SUBJECT)}).encode().split(b"@")
_IMAGE: Final = f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
_IMAGES: Final = ("image_idcard_back", "image_idcard_front", "image_best")
PICTURES: Final = len(_IMAGES)
"""Of one result."""
_PICTURES: Final = f', "images": {json.dumps(dict.fromkeys(_IMAGES, _IMAGE))}}}'.encode()
_FORM_HEAD, _FORM_TAIL = (b"data=" + quote_plus(_HEAD).encode(), quote_plus(_TAIL).encode() + b"&sign=")


def new_biz_id(script: int = 0) -> str:
    """A verification nobody has seen before, which the vendor treats by its script of this number."""
    return f"{FIRST_SECOND + script},{uuid4()}"


def script_of(biz_id: str) -> int:
    """The number that `new_biz_id` was given."""
    return int(biz_id.split(",", 1)[0]) - FIRST_SECOND


def app_of(biz_id: str) -> str:
    """The app of a verification: one per script, so that a fault opens no other script's circuit."""
    return app_id(script_of(biz_id))


def app_id(script: int) -> str:
    """The app of the verifications that the vendor treats by this script."""
    return APP_ID if script == 0 else f"{APP_ID}-{script}"


def callback_data(biz_id: str) -> bytes:
    """The JSON of a finished flow that passed: approved, once its result agrees."""
    return _HEAD + biz_id.encode() + _TAIL


def callback_form(biz_id: str, secret: bytes) -> bytes:
    """The signed form that carries `callback_data`."""
    return _FORM_HEAD + quote_plus(biz_id).encode() + _FORM_TAIL + sign_data(callback_data(biz_id), secret)


def form_of(payload: Mapping[str, Any], secret: bytes) -> bytes:
    """The signed form that carries any payload."""
    data = json.dumps(payload).encode()
    return urlencode({"data": data, "sign": sign_data(data, secret)}).encode()


def result_body(biz_id: str) -> bytes:
    """What get_result says about a verification: the same as its callback."""
    return b'{"request_id": "1,2", ' + callback_data(biz_id)[1:]


def result_with_pictures(biz_id: str) -> bytes:
    """The same with the face and both sides of the card."""
    return result_body(biz_id)[:-1] + _PICTURES


def letter_id(biz_id: str) -> UUID:
    """The dead letter that this callback would become."""
    data, never = callback_data(biz_id), datetime.fromtimestamp(0, UTC)
    return AcceptedCallback(app_of(biz_id), CallbackKind.NOTIFY, never, 0, data).key
