"""get_result's limits and bodies: three calls and one day, then the data is destroyed."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from simulator.api.answers import VendorError, bad
from simulator.book import Verification
from simulator.messages.callbacks import payload_of
from simulator.scenarios.table import SCRIPTS

CALLS_ALLOWED: Final = 3
KEPT_FOR: Final = timedelta(days=1)

# One grey pixel, baseline: a flat quantisation table and two Huffman tables of one code each ("nothing").
_ONE_CODE: Final = b"\x01" + b"\0" * 16
JPEG: Final = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    + (b"\xff\xdb\x00\x43\x00" + b"\x01" * 64)
    + (b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00")
    + (b"\xff\xc4\x00\x14\x00" + _ONE_CODE)
    + (b"\xff\xc4\x00\x14\x10" + _ONE_CODE)
    + (b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x3f")
    + b"\xff\xd9"
)
_IMAGES: Final = {
    "0": (),
    "1": ("image_best",),
    "2": ("image_idcard_front",),
    "3": ("image_idcard_back",),
    "4": ("image_idcard_back", "image_idcard_front", "image_best"),
    "5": (),
    "6": (),
}
"""5 and 6 request the selfies of the procedure `selfie`, which no scenario uses."""
_DATA_URI: Final = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()
_IMAGE_TEXT: Final = {
    choice: f', "images": {json.dumps(dict.fromkeys(names, _DATA_URI))}}}'.encode()
    for choice, names in _IMAGES.items()
}


def result_body(verification: Verification, query: Mapping[str, str], *, now: datetime) -> bytes:
    """The JSON body for one more call, without request_id and time_used. The caller logs the call.

    Raises:
        VendorError: a bad argument, too many calls, too late, or a lost result.
    """
    images = query.get("return_image", "0")
    if images not in _IMAGES:
        raise bad("return_image")
    verify_time = query.get("return_verify_time", "0")
    if verify_time not in {"0", "1"}:
        raise bad("return_verify_time")
    kept_since = verification.ended_at or verification.created_at
    if len(verification.calls) >= CALLS_ALLOWED or now - kept_since >= KEPT_FOR:
        verification.encoded.clear()
        raise VendorError(403, "DATA_DESTROYED")
    body = _encoded(verification, with_verify_time=verify_time == "1")
    return body if images == "0" or verification.status != "OK" else body[:-1] + _IMAGE_TEXT[images]


def _encoded(verification: Verification, *, with_verify_time: bool) -> bytes:
    if verification.scenario is None:
        return json.dumps(payload_of(verification, None)).encode()
    body = verification.encoded.get(with_verify_time)
    if body is None:
        builder = SCRIPTS[verification.scenario].result
        if builder is None:
            raise VendorError(400, "RESULT_NOT_FOUND")
        payload = payload_of(verification, builder)
        verify = payload.get("verify_result")
        if isinstance(verify, dict) and not with_verify_time:
            del verify["verify_time"]
        body = verification.encoded[with_verify_time] = json.dumps(payload).encode()
    return body
