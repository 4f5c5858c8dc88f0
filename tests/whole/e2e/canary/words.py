"""The words that go through every flow, and how they are found."""

import base64
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from tests.whole.e2e.gateway import finished_callback

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


def said(biz_id: str, **more: Any) -> dict[str, Any]:
    """A callback of a flow that has ended, about the canary."""
    tree = finished_callback(biz_id) | {"idcard_info": dict(IDENTITY)} | more
    tree["biz_info"]["biz_extra_data"] = EXTRA
    return tree


def new_biz_id() -> str:
    return f"1700000000,{uuid4()}"


def stands(word: str, content: bytes) -> bool:
    plain = word.encode()
    spellings = (plain, json.dumps(word)[1:-1].encode(), quote(word).encode(), plain.hex().encode(),
                 plain.hex().upper().encode(), base64.b64encode(plain).rstrip(b"="))  # fmt: skip
    return any(spelling in content for spelling in spellings)


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of the data folder, without those with secrets."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name not in OURS)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
