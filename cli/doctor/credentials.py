"""`doctor` tries each app's credentials with the vendor, without spending a verification's call.

It pulls the result of a biz_id that does not exist: if key and secret are right, the vendor answers
RESULT_NOT_FOUND, otherwise an error that names the cause (protocol, 4).
"""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import msgspec

from adapters.outbound.vendor.get_result import FaceidApi, create_transport
from adapters.settings.settings import Settings
from cli.doctor.check import Check
from domain.apps.app import App
from domain.pulls.answer import Answer, Kind

_PATIENCE = timedelta(seconds=5)


async def check_credentials(settings: Settings) -> AsyncIterator[Check]:
    """One check for each app: its `api_key` and the first of its `api_secrets`, which pulls use."""
    api = FaceidApi(create_transport(), timeout=_PATIENCE)
    try:
        for app in settings.domain_apps().values():
            yield judge(app, await api.get_result(_without_pictures(app), f"{int(time.time())},{uuid4()}"))
    finally:
        await api.aclose()


def judge(app: App, answer: Answer) -> Check:
    """The check that follows from the answer about a biz_id that does not exist."""
    name = f"apps.{app.app_id}.credentials"
    if answer.error in {"RESULT_NOT_FOUND", "DATA_DESTROYED"}:
        return Check(name, True, "the vendor accepts api_key and the first of api_secrets")
    if answer.error == "API_NOT_FOUND":
        return Check(
            name, False, "the vendor has no get_result there (API_NOT_FOUND): check vendor_url, vendor_path"
        )
    if answer.kind is Kind.REFUSED:
        return Check(name, False, f"the vendor refuses api_key or the first of api_secrets ({answer.error})")
    return Check(name, None, f"could not be tried: {answer.error or 'unexpected answer'}")


def _without_pictures(app: App) -> App:
    return msgspec.structs.replace(app, return_image=0)
