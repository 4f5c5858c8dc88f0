"""The api's interactive documentation: Swagger UI and ReDoc from packaged files, so that they work offline.

FastAPI's own pages load their scripts from a CDN.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

OPENAPI: Final = "/openapi.json"
_FILES: Final = "/docs-files"
_NO_ICON: Final = "data:,"
_REDOC: Final = "redoc.standalone.js"
_REDOCS_LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_INLINE_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def install_docs(app: FastAPI) -> None:
    """Serve `/docs`, `/redoc`, `/openapi.json` and the files of the pages."""
    swagger = get_swagger_ui_html(
        openapi_url=OPENAPI,
        title=app.title,
        swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{_FILES}/swagger-ui.css",
        swagger_favicon_url=_NO_ICON,
    )
    redoc = get_redoc_html(
        openapi_url=OPENAPI,
        title=app.title,
        redoc_js_url=f"{_FILES}/{_REDOC}",
        redoc_favicon_url=_NO_ICON,
        with_google_fonts=False,
    )
    folder = files("fastapi_offline") / "static"
    app.router.routes.extend(
        [
            Route("/docs", _page(swagger)),
            Route("/redoc", _page(redoc)),
            Route(OPENAPI, _Description(app)),
            Route(f"{_FILES}/{_REDOC}", _script_of_redoc(folder / _REDOC)),
            Mount(_FILES, StaticFiles(directory=str(folder))),
        ]
    )


class _Description:
    """The OpenAPI description, encoded once: it is large, and anyone may request it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._body = b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self._body:
            self._body = json.dumps(self._app.openapi()).encode()
        await Response(self._body, media_type="application/json")(scope, receive, send)


def _script_of_redoc(file: Traversable) -> Any:
    """ReDoc's script without the logo that it loads from the internet."""

    def script(_request: Request) -> Response:
        content = file.read_bytes().replace(_REDOCS_LOGO, _NO_ICON.encode())
        return Response(content, media_type="text/javascript")

    return script


def _page(html: HTMLResponse) -> Any:
    policy = _content_policy(bytes(html.body).decode())

    async def page(_request: Request) -> Response:
        return HTMLResponse(html.body, headers={"content-security-policy": policy})

    return page


def _content_policy(page: str) -> str:
    """A policy that allows no external resources and only this one inline script."""
    scripts = [hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page)]
    hashes = "".join(f" 'sha256-{base64.b64encode(script).decode()}'" for script in scripts)
    return (
        f"default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
