"""Validate get_token's form as the vendor does."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

from simulator.api.answers import bad, missing
from simulator.book import Order, ReturnMethod

REQUIRED: Final = ("api_key", "api_secret", "return_url", "notify_url", "biz_no")
BYTE_LIMITS: Final = {"biz_no": 128, "biz_extra_data": 4096}
_METHODS: Final[dict[str, ReturnMethod]] = {"": "POST", "post": "POST", "get": "GET"}


async def read_token_form(request: Request) -> Mapping[str, str]:
    """The text fields of a multipart or urlencoded form, with all required ones.

    Raises:
        VendorError: MISSING_ARGUMENTS, or BAD_ARGUMENTS for a body that is not a form.
    """
    try:
        async with request.form() as form:
            # Pictures (image_ref1…) may be files; the simulator ignores them.
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
    except HTTPException as error:
        raise bad("body") from error
    for name in REQUIRED:
        if not fields.get(name):
            raise missing(name)
    return fields


def order_of(fields: Mapping[str, str]) -> Order:
    """The order in the form; parameters without an effect here are accepted.

    Raises:
        VendorError: BAD_ARGUMENTS with the first argument that is too long or not a web address.
    """
    for name, limit in BYTE_LIMITS.items():
        if len(fields.get(name, "").encode()) > limit:
            raise bad(name)
    for name in ("return_url", "notify_url"):
        if not is_web_address(fields[name]):
            raise bad(name)
    method = _METHODS.get(fields.get("action_http_method", "").lower())
    if method is None:
        raise bad("action_http_method")
    return Order(
        biz_no=fields["biz_no"],
        notify_url=fields["notify_url"],
        return_url=fields["return_url"],
        return_method=method,
        biz_extra_data=fields.get("biz_extra_data", ""),
        idcard_name=fields.get("idcard_name") or None,
        idcard_number=fields.get("idcard_number") or None,
    )


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
