"""Pages from templates: `page(request, "name.html", **context)`."""

from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from service.console.app import formats
from service.console.app.cookies import KEYS, read_cookie
from service.console.app.languages import LANGUAGES, catalogue, language_of
from service.console.app.paths.navigation import current_screen, screens_for
from service.console.app.paths.places import case_path, person_path, verification_path
from service.console.app.paths.views import with_query
from service.console.app.static import static_url
from service.console.app.words import domain as words
from service.console.app.words import people as people_words
from service.console.app.words import reviews as review_words

_VARIES: Final = {"vary": "accept-language, cookie"}


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The answer with this template in the reader's language.

    Every template also has `session` (None before the sign-in), `screens`, `here` (path and query),
    `language`, `keys_on`, and the form token of the session as `form_token`.
    """
    language = language_of(request)
    html = environment(language).get_template(template).render(_frame(request, language) | values)
    return HTMLResponse(html, status, _VARIES)


@cache
def environment(language: str) -> Environment:
    """Templates in one language; each value is escaped, and one that is missing is an error."""
    made = Environment(
        loader=PackageLoader("service.console"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        verification_path=verification_path,
        person_path=person_path,
        people_words=people_words,
        with_query=with_query,
        static_url=static_url,
        languages=LANGUAGES,
        words=words,
        review_words=review_words,
        case_path=case_path,
        looks=words.LOOKS,
        reason_text=words.reason_text,
    )
    made.filters.update(formats.filters_for(language))
    return made


def _frame(request: Request, language: str) -> dict[str, Any]:
    session = getattr(request.state, "session", None)
    query = f"?{request.url.query}" if request.url.query else ""
    return {
        "session": session,
        "form_token": None if session is None else session.csrf,
        "screens": [] if session is None else list(screens_for(session.rights)),
        "screen": current_screen(request.url.path),
        "here": request.url.path + query,
        "language": language,
        "keys_on": read_cookie(request, KEYS) != "off",
        "zone": request.app.state.context.zone,
        "now": request.app.state.context.clock(),
    }
