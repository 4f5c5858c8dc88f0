"""What `doctor` says of the store of pictures."""

from pathlib import Path

import pytest

from adapters.settings.settings import load_settings
from cli.doctor.check import Check
from cli.doctor.pictures import check_pictures
from tests.support.right_settings import set_right


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_right(monkeypatch, tmp_path)


async def checks() -> list[Check]:
    return [check async for check in check_pictures(load_settings())]


async def test_nothing_is_said_without_a_store() -> None:
    assert await checks() == []


async def test_folder_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_PICTURES_URL", (tmp_path / "pictures").as_uri())

    assert await checks() == [Check("pictures", True, "are written, read and deleted")]


async def test_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_PICTURES_URL", (tmp_path / "none" / "pictures").as_uri())

    [check] = await checks()

    assert (check.ok, "No such file" in check.detail) == (False, True)
