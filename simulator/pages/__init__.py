"""The simulator's web pages: templates beside this file, no external resources, every value escaped."""

import html
from pathlib import Path
from string import Template
from typing import Final, Literal

from fastapi.responses import HTMLResponse

PageName = Literal["index", "do", "refused", "hand_over", "posted"]

_HEADERS: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Markup(str):
    """Trusted HTML, inserted into a page unescaped."""

    __slots__ = ()


def page(name: PageName, /, *, title: str, http_status: int = 200, **values: str) -> HTMLResponse:
    """The page `name` in the common frame; values are escaped unless they are Markup."""
    body = fragment(name, **values)
    return HTMLResponse(fragment("frame", title=title, body=body), status_code=http_status, headers=_HEADERS)


def fragment(name: PageName | Literal["frame", "choice"], /, **values: str) -> Markup:
    """A filled template; every `$name` in it must be given."""
    template = Template((Path(__file__).parent / f"{name}.html").read_text(encoding="utf-8"))
    escaped = {
        key: value if isinstance(value, Markup) else html.escape(value) for key, value in values.items()
    }
    return Markup(template.substitute(escaped))
