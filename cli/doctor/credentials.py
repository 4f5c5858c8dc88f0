"""`doctor` tries each app's credentials at the vendor, and spends no call of any verification.

The result of a biz_id that nobody has is asked for: a vendor that knows the key and the secret says
RESULT_NOT_FOUND, any other says what is wrong (protocol, 4).
"""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import msgspec

from adapters.settings import Settings
from adapters.vendor.get_result import FaceidApi, create_transport
from cli.doctor.check import Check
from domain.apps import App
from domain.pulls.answer import Answer, Kind, kind_of

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
    """What an answer about nobody's biz_id says of the credentials."""
    name = f"apps.{app.app_id}.credentials"
    if answer.error in {"RESULT_NOT_FOUND", "DATA_DESTROYED"}:
        return Check(name, True, "the vendor accepts api_key and the first of api_secrets")
    if answer.error == "API_NOT_FOUND":
        return Check(
            name, False, "the vendor knows no get_result there (API_NOT_FOUND): see vendor_url, vendor_path"
        )
    if kind_of(answer) is Kind.REFUSED:
        return Check(name, False, f"the vendor refuses api_key or the first of api_secrets ({answer.error})")
    return Check(name, None, f"could not be tried: {answer.error or 'an answer that nobody expects'}")


def _without_pictures(app: App) -> App:
    return msgspec.structs.replace(app, return_image=0)
