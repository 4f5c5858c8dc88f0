"""The simulator's web pages: templates beside this file, no external resources, every value escaped."""

import base64
import hashlib
import html
from pathlib import Path
from string import Template
from typing import Final, Literal

from fastapi.responses import HTMLResponse

PageName = Literal["index", "do", "refused", "hand_over", "posted"]

_FOLDER: Final = Path(__file__).parent
_STYLE: Final = (_FOLDER / "page.css").read_text(encoding="utf-8")
_SUBMIT: Final = 'document.getElementById("hand-over").submit();'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_HEADERS: Final = {
    "Cache-Control": "no-store",
    # A form leads to the return_url of a customer, wherever that is.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SUBMIT)}; img-src data:; "
        "form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Markup(str):
    """Trusted HTML, inserted into a page unescaped."""

    __slots__ = ()


SUBMIT: Final = Markup(_SUBMIT)
"""The only script: it sends the form of a page at once."""


def page(name: PageName, /, *, title: str, http_status: int = 200, **values: str) -> HTMLResponse:
    """The page `name` in the common frame; values are escaped unless they are Markup."""
    body = fragment(name, **values)
    return HTMLResponse(
        fragment("frame", title=title, body=body, style=Markup(_STYLE)),
        status_code=http_status,
        headers=_HEADERS,
    )


def fragment(name: PageName | Literal["frame", "choice"], /, **values: str) -> Markup:
    """A filled template; every `$name` in it must be given."""
    template = Template((_FOLDER / f"{name}.html").read_text(encoding="utf-8"))
    escaped = {
        key: value if isinstance(value, Markup) else html.escape(value) for key, value in values.items()
    }
    return Markup(template.substitute(escaped))
