"""`doctor` reports whether the spool's folder can be used, and leaves nothing in it."""

from pathlib import Path

import pytest

from adapters.intake.spool.disk import Disk
from adapters.settings.settings import load_settings
from cli.doctor.spool import check_spool
from tests.support.storage.spools import EIO, FailingDisk


@pytest.fixture(autouse=True)
def root(environment: pytest.MonkeyPatch, folder: Path) -> Path:
    environment.setenv("FACEID_SPOOL_DIR", str(folder / "data" / "spool"))
    environment.setenv("FACEID_SPOOL_MAX_BYTES", "1000")
    return folder / "data" / "spool"


def test_a_folder_that_can_be_created_is_a_remark_and_is_removed_again(root: Path, folder: Path) -> None:
    check = check_spool(load_settings())
    assert (check.name, check.ok, "makes it again in seconds" in check.detail) == ("spool folder", None, True)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_there_stays_as_it_is(root: Path) -> None:
    (root / "0").mkdir(parents=True)
    assert check_spool(load_settings()).ok
    assert [path.name for path in root.iterdir()] == ["0"]


def test_none_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEID_SPOOL_DIR")
    check = check_spool(load_settings())
    assert (check.ok, "refused" in check.detail) == (None, True)


@pytest.mark.parametrize(
    "disk",
    [
        FailingDisk(sync_error=EIO),
        FailingDisk(folder_error=EIO),
        FailingDisk(write_error=EIO),
        FailingDisk(next_write=3),
    ],
)
def test_a_disk_that_does_not_do_it_fails(root: Path, disk: Disk) -> None:
    root.mkdir(parents=True)
    assert check_spool(load_settings(), disk).ok is False
    assert list(root.iterdir()) == []


def test_a_file_in_the_way_fails(root: Path, folder: Path) -> None:
    (folder / "data").write_bytes(b"")
    check = check_spool(load_settings())
    assert check.ok is False
    assert "Not a directory" in check.detail


def test_less_room_than_the_cap_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEID_SPOOL_MAX_BYTES", str(2**60))
    check = check_spool(load_settings())
    assert check.ok is False
    assert "GiB free, spool_max_bytes is" in check.detail
