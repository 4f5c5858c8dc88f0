"""The fields of a posted form, as browsers send those of our pages."""

from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request

MOST: Final = 600
"""Fields of one form; the largest names 500 cases."""

_URL_ENCODED: Final = "application/x-www-form-urlencoded"


async def fields_of(request: Request, *, most: int = MOST) -> FormData:
    """The fields; none of a body in another encoding than our pages send, in which a sender names the
    charset. Raises HTTPException: there are more than `most`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return await request.form(max_files=0, max_fields=most) if kind == _URL_ENCODED else FormData()
