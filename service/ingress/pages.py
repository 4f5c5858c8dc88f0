"""The pages for the user's browser: after a flow if the app has no landing page, and for refused returns."""

import base64
import hashlib
from importlib.resources import files
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from service.ingress.body import header_of
from service.problems.problems import PROBLEMS, RETRY_AFTER

STYLE: Final = (files("service.ingress") / "page.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "accept-language",
    "x-content-type-options": "nosniff",
}
_SUBMITTED: Final = {
    "zh": ("已提交", "您的认证已提交，可以关闭此页面。"),
    "en": ("Submitted", "Your verification has been submitted. You may close this page."),
}
_CANCELLED: Final = {
    "zh": ("已取消", "您取消了本次认证。如需继续，请返回原应用重新开始。"),
    "en": ("Cancelled", "You cancelled the verification. To continue, please start again in the app."),
}
_TIMED_OUT: Final = {
    "zh": ("已超时", "本次认证已超时。请返回原应用重新开始。"),
    "en": ("Timed out", "The verification took too long. Please start again in the app."),
}
_UNSUPPORTED: Final = {
    "zh": ("无法完成认证", "当前浏览器不支持本次认证。请换用其他浏览器，或返回原应用重新开始。"),
    "en": (
        "Not completed",
        "This browser is not supported. Please use another one, or start again in the app.",
    ),
}
_RETURNED: Final = {
    "zh": ("请返回原应用", "请在原应用中查看认证结果。可以关闭此页面。"),
    "en": (
        "Please go back to the app",
        "The app shows the result of your verification. You may close this page.",
    ),
}
_END_OF: Final = {
    "OK": _SUBMITTED,
    "FAILED": _SUBMITTED,
    "CANCELLED": _CANCELLED,
    "TIMEOUT": _TIMED_OUT,
    "WEBRTC_UNSUPPORTED": _UNSUPPORTED,
}
_MAX_LANGUAGES: Final = 256
"""Bytes of Accept-Language that are read; a browser sends a few dozen."""
_REFUSED: Final = {
    "zh": ("无法处理此请求", "请返回原应用，重新开始认证。"),
    "en": ("This request cannot be processed", "Please go back to the app and start the verification again."),
}
_TRY_AGAIN: Final = {
    "zh": ("系统繁忙", "请稍后刷新此页面重试。"),
    "en": ("The system is busy", "Please reload this page in a moment."),
}


def end_page(status: str, scope: Scope) -> Response:
    """How the flow ended, by a signed `status`; the page does not show the result.

    Without a signature, or with an unknown status, the page only sends the user back to the app.
    """
    return _page(_END_OF.get(status, _RETURNED), scope, status=200, headers={})


def refusal_page(code: str, scope: Scope) -> Response:
    """The page for a refusal, by the code's status; a 503 asks the user to reload, which resends the form."""
    status = PROBLEMS[code].status
    if status == 503:
        return _page(_TRY_AGAIN, scope, status=status, headers={"retry-after": str(RETRY_AFTER)})
    return _page(_REFUSED, scope, status=status, headers={})


def _page(
    texts: dict[str, tuple[str, str]], scope: Scope, *, status: int, headers: dict[str, str]
) -> Response:
    language = preferred_language(header_of(scope, b"accept-language"))
    title, text = texts[language]
    html = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1><p>{text}</p></main></html>"
    )
    return HTMLResponse(html, status, _HEADERS | headers)


def preferred_language(accept_language: bytes) -> str:
    """`zh` or `en`, whichever the header prefers; `zh` by default, as most users read it."""
    best, best_weight = "zh", -1.0
    for item in accept_language[:_MAX_LANGUAGES].decode("latin-1").lower().split(","):
        tag, _, parameters = item.strip().partition(";")
        language = tag.split("-", 1)[0]
        weight = _weight(parameters)
        if language in _RETURNED and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameters: str) -> float:
    try:
        return float(parameters.strip().removeprefix("q=")) if parameters else 1.0
    except ValueError:
        return 0.0
