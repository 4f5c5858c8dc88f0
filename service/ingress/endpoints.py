"""The ingress's endpoints as bare ASGI, without the cost of dependency injection."""

from urllib.parse import parse_qs

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from domain.callback.landing import biz_id_of, status_of, with_biz_id
from domain.errors import MalformedForm, MissingField, RefusedCallback
from domain.model import BIZ_ID_SHAPE, CallbackKind
from service.ingress.acceptance import IngressContext, accept_callback
from service.ingress.pages import end_page, refusal_page
from service.problems.problems import refusal

log = structlog.get_logger(__name__)

ACCEPTED = b'{"status":"accepted"}'
_MAX_PARAMETERS = 64
_ACCEPTED_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(ACCEPTED)).encode()),
]


class NotifyEndpoint:
    """`POST /callbacks/{app_id}/notify`: the vendor's back end."""

    def __init__(self, context: IngressContext) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await accept_callback(self._context, CallbackKind.NOTIFY, scope, receive)
        except RefusedCallback as error:
            log_refusal(self._context, error, scope, kind=CallbackKind.NOTIFY)
            await refusal(error.code)(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await send({"type": "http.response.start", "status": 200, "headers": _ACCEPTED_HEADERS})
            await send({"type": "http.response.body", "body": ACCEPTED})


class ReturnEndpoint:
    """`/callbacks/{app_id}/return`: the user's browser, by POST with the signed form or by a plain GET."""

    def __init__(self, context: IngressContext) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        returned = None
        try:
            if scope["method"] == "POST":
                response = await self._post(scope, receive)
            else:
                returned = _biz_id_in_query(scope)
                response = self._onward(scope, returned, status="")
        except RefusedCallback as error:
            log_refusal(self._context, error, scope, kind=CallbackKind.RETURN)
            response = refusal_page(error.code, scope)
        except ClientDisconnect:
            return
        await response(scope, receive, send)
        if returned is not None:
            # After the answer, which is the same whether or not the biz_id is known.
            self._note_return(scope, returned)

    async def _post(self, scope: Scope, receive: Receive) -> Response:
        members = await accept_callback(self._context, CallbackKind.RETURN, scope, receive)
        return self._onward(scope, biz_id_of(members), status=status_of(members))

    def _note_return(self, scope: Scope, biz_id: str) -> None:
        app_id = scope["path_params"]["app_id"]
        if app_id in self._context.apps and scope["method"] == "GET":
            self._context.return_hints.returned(scope, app_id, biz_id)

    def _onward(self, scope: Scope, biz_id: str | None, *, status: str) -> Response:
        app = self._context.apps.get(scope["path_params"]["app_id"])
        if app is None or app.landing_url is None:
            return end_page(status, scope)
        headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
        return RedirectResponse(with_biz_id(app.landing_url, biz_id), 303, headers)


def _biz_id_in_query(scope: Scope) -> str:
    """The biz_id in the query, which is unsigned and proves nothing.

    Raises:
        MalformedForm: too many parameters.
        MissingField: there is no biz_id, or several.
    """
    try:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"), max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise MalformedForm("the query has too many parameters") from None
    values = query.get("biz_id", [])
    if len(values) != 1 or not BIZ_ID_SHAPE.fullmatch(values[0]):
        raise MissingField("the query has no biz_id")
    biz_id: str = values[0]
    return biz_id


def log_refusal(context: IngressContext, error: RefusedCallback, scope: Scope, *, kind: CallbackKind) -> None:
    """Log the reason, and the app if it is configured; the rest of the address is untrusted."""
    named = scope["path_params"]["app_id"]
    app_id = named if named in context.apps else None
    context.stats.count_refused(app_id or "", error.code)
    log.warning("callback.refused", code=error.code, kind=kind.value, app_id=app_id)
