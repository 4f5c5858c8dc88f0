"""The page that the user's browser opens with a token: a button per scenario, then back to return_url."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from simulator.api.answers import Clock
from simulator.book import Book, Refusal, TokenRefused, Verification
from simulator.messages.callbacks import Callback, callback_of, with_biz_id
from simulator.messages.sender import Sender
from simulator.pages import SUBMIT, Markup, fragment, page
from simulator.scenarios.table import SCRIPTS, Scenario, Script, Signing

_SCENARIOS: Final = frozenset(Scenario)
_TITLE: Final = "人脸核身 · Face verification"
_REFUSALS: Final[dict[Refusal, tuple[int, str, str]]] = {
    "unknown": (404, "链接无效", "This link is not valid: its token is unknown."),
    "expired": (410, "链接已过期", "This link has expired. Start the verification again."),
    "used": (410, "链接已使用", "This link has been used: its verification has ended."),
}


def flow_routes(book: Book, sender: Sender, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/faceid/lite", tags=["flow"])

    @router.get("/do")
    async def show_flow(token: str = "") -> Response:
        try:
            verification = book.by_token(token, now=clock())
        except TokenRefused as error:
            return _refused(error)
        verification.opened = True
        return _choices(verification)

    @router.post("/do")
    async def end_flow(token: Annotated[str, Form()] = "", scenario: Annotated[str, Form()] = "") -> Response:
        if scenario not in _SCENARIOS:
            return page("refused", title=_TITLE, http_status=400, zh="没有这个场景", en="No such scenario.")
        try:
            verification = book.by_token(token, now=clock())
            verification.end(Scenario(scenario), now=clock())
        except TokenRefused as error:
            return _refused(error)
        callback = callback_of(verification)
        if SCRIPTS[Scenario(scenario)].notifies:
            await sender.notify(verification, callback)
        return await _back(verification, callback, sender)

    return router


async def _back(verification: Verification, callback: Callback, sender: Sender) -> Response:
    """Send the browser to return_url by the method from get_token."""
    order = verification.order
    if order.return_method == "GET":
        return RedirectResponse(with_biz_id(order.return_url, verification.biz_id), status_code=303)
    if callback.fits_a_browser:
        data, sign = callback.data.decode(), callback.sign.decode()
        return page(
            "hand_over", title=_TITLE, return_url=order.return_url, data=data, sign=sign, script=SUBMIT
        )
    sent = await sender.post_return(verification, callback)
    return page(
        "posted",
        title=_TITLE,
        biz_id=verification.biz_id,
        return_url=order.return_url,
        answer=sent.error or f"HTTP {sent.http_status}",
    )


def _refused(error: TokenRefused) -> Response:
    http_status, zh, en = _REFUSALS[error.reason]
    return page("refused", title=_TITLE, http_status=http_status, zh=zh, en=en)


def _choices(verification: Verification) -> Response:
    buttons = (
        fragment("choice", tone=_tone(scenario, script), scenario=scenario.value, zh=script.zh, en=script.en)
        for scenario, script in SCRIPTS.items()
    )
    return page(
        "do",
        title=_TITLE,
        token=verification.token,
        biz_no=verification.order.biz_no,
        biz_id=verification.biz_id,
        name=verification.identity.name,
        method=verification.order.return_method,
        choices=Markup("".join(buttons)),
    )


def _tone(scenario: Scenario, script: Script) -> str:
    if scenario is Scenario.PASS:
        return "good"
    if script.signing is not Signing.GENUINE:
        return "hostile"
    if script.result is script.callback and script.notifies and script.status == "OK":
        return "fail"
    return "broken"
