"""The reader's preferences: the language, and whether single keys do something. The browser keeps both; the
session keeps the language too."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from service.console.app.cookies import KEYS, LANGUAGE, SESSION, YEAR, read_cookie, set_cookie
from service.console.app.fields import fields_of
from service.console.app.forms.posted import Form
from service.console.app.languages import LANGUAGES
from service.console.app.paths.places import local_path
from service.console.app.sessions import Signed
from service.console.app.templates import page
from service.console.context import Context

router = APIRouter()

_SEE_OTHER: Final = 303


@router.post("/language")
async def choose_language(request: Request, context: Context) -> Response:
    """Change the language, also before the sign-in; without a token, since it changes nothing else."""
    form = await fields_of(request, most=5)
    answer = RedirectResponse(local_path(str(form.get("back", ""))), _SEE_OTHER)
    if (language := str(form.get("language", ""))) in LANGUAGES:
        set_cookie(answer, request, LANGUAGE, language, seconds=YEAR)
        if session := await context.sessions.check(read_cookie(request, SESSION) or ""):
            await context.sessions.set_language(session.id, language)
    return answer


@router.get("/help")
async def show_help(request: Request, _session: Signed) -> Response:
    """The keys, and the preferences."""
    return page(request, "help.html")


@router.post("/preferences")
async def change_preferences(request: Request, _session: Signed, form: Form) -> Response:
    """Switch single keys on or off."""
    answer = RedirectResponse("/help", _SEE_OTHER)
    set_cookie(answer, request, KEYS, "on" if form["keys"] == "on" else "off", seconds=YEAR)
    return answer
