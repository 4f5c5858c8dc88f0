"""Obviously fake identities, and the vendor's ID-card block for one."""

import hashlib
from dataclasses import dataclass
from typing import Final

FAKE_NAME: Final = "测试用户"

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_AUTHORITY: Final = "测试市公安局"
_LEGALITY: Final = {
    "ID Photo": 0.985,
    "Temporary ID Photo ": 0,  # the trailing space is the vendor's
    "Photocopy": 0.006,
    "Screen": 0.009,
    "Edited": 0,
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The user: a name and an 18-character ID number."""

    name: str
    number: str


def fake_number(seed: str) -> str:
    """An impossible ID number (its check digit is wrong), different for each `seed`."""
    dice = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    day, month, year = dice % 28 + 1, dice // 28 % 12 + 1, 1960 + dice // 336 % 40
    stem = f"110101{year}{month:02}{day:02}{dice // 13440 % 1000:03}"
    right = sum(int(digit) * weight for digit, weight in zip(stem, _WEIGHTS, strict=True)) % 11
    return stem + _CHECK_DIGITS[(right + 1 + dice % 9) % 11]


def idcard_info(identity: Identity) -> dict[str, object]:
    """The vendor's `idcard_info`, with the readings of both sides and their qualities."""
    number = identity.number
    year, month, day = number[6:10], number[10:12].lstrip("0"), number[12:14].lstrip("0")
    return {
        "idcard_mode": "1",
        "idcard_uneditable_field": "idcard_number,idcard_valid_date",
        "idcard_number": number,
        "idcard_name": identity.name,
        "idcard_valid_date": "2015.03.07-2035.03.07",
        "idcard_issued_by": _AUTHORITY,
        "front_side": {
            "ocr_result": {
                "address": "测试市测试区测试路1号",
                "birthday": {"day": day, "month": month, "year": year},
                "gender": "男",
                "id_card_number": number,
                "name": identity.name,
                "race": "汉",
                "legality": _LEGALITY,
            },
            "upload_times": 1,
        },
        "back_side": {
            "ocr_result": {
                "issued_by": _AUTHORITY,
                "valid_date": "2015.03.07-2035.03.07",
                "legality": _LEGALITY,
            },
            "upload_times": 2,
        },
        "ocr_front_quality": {
            "gender": _read(0.925, "男"),
            "address": _read(0.958, "测试市测试区测试路1号"),
            "idcard_number": _read(0.995, number),
            "name": _read(0.996, identity.name),
            "birth_month": _read(0.971, month),
            "birth_day": _read(0.975, day),
            "nationality": _read(0.959, "汉"),
            "birth_year": _read(0.942, year),
        },
        "ocr_back_quality": {
            "issued_by": _read(0.994, _AUTHORITY),
            "valid_date_end": _read(0.995, "20350307"),
            "valid_date_start": _read(0.995, "20150307"),
        },
    }


def _read(quality: float, result: str) -> dict[str, object]:
    return {"quality": quality, "logic": 0, "result": result}
