"""`doctor` writes, reads and deletes a piece in the store of pictures."""

from collections.abc import AsyncIterator

from adapters.outbound.pictures.opening import open_pictures, try_pictures
from adapters.settings.settings import Settings
from cli.doctor.check import Check
from domain.errors import PicturesAway, SettingsError

NAME = "pictures"


async def check_pictures(settings: Settings) -> AsyncIterator[Check]:
    """Nothing, if there is no store: without one no app asks for pictures."""
    if settings.pictures_url is None:
        return
    try:
        store = open_pictures(settings.pictures_url)
    except SettingsError as error:
        yield Check(NAME, False, str(error))
        return
    try:
        await try_pictures(store)
    except PicturesAway as error:
        yield Check(NAME, False, error.detail)
    else:
        yield Check(NAME, True, "are written, read and deleted")
    finally:
        await store.aclose()
