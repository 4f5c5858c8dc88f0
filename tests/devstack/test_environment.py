"""Secrets are made once and kept private; the caller's own settings and apps stay."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from adapters.settings.settings import load_settings
from devstack.environment import (
    DevSecrets,
    callers_environment,
    gateway_environment,
    load_secrets,
    simulator_environment,
    without_settings,
    write_atomically,
)
from domain.errors import SettingsError
from simulator.settings import SimulatorSettings

INGRESS = "http://127.0.0.1:8028"
SIMULATOR = "http://127.0.0.1:8090"


def gateway(folder: Path, made: DevSecrets, **caller: str) -> dict[str, str]:
    return gateway_environment(
        caller,
        made,
        data_dir=folder,
        redis_url="redis://ours/0",
        database_url="postgresql://ours/x",
        vendor_url=SIMULATOR,
        ingress_url=INGRESS,
    )


def apps_of(environment: dict[str, str]) -> dict[str, Any]:
    apps: dict[str, Any] = json.loads(environment["FACEID_APPS"])
    return apps


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_secrets_are_made_once_per_folder(tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    made = load_secrets(first)
    assert load_secrets(first) == made
    assert load_secrets(other) != made
    assert len({made.master_key, made.api_key, made.api_secret, made.api_token}) == 4


def test_only_the_owner_can_read_the_secrets(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_secrets(tmp_path)
    finally:
        os.umask(before)
    assert mode(tmp_path / "secrets.json") == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secrets.json"]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    write_atomically(file, b"old")
    with file.open("rb") as reader:
        write_atomically(file, b"new content")
        assert reader.read() == b"old", "who had it open reads the old content to its end"
    assert file.read_bytes() == b"new content"
    assert mode(file) == 0o600


def test_the_environment_wins_over_dotenv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("FACEID_LOG_LEVEL=debug\nFACEID_PULL_SPACING=3\n")
    monkeypatch.setenv("FACEID_PULL_SPACING", "5")
    found = callers_environment()
    assert (found["FACEID_LOG_LEVEL"], found["FACEID_PULL_SPACING"]) == ("debug", "5")


def test_the_roles_start_with_their_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_secrets(folder)
    for name, value in gateway(folder, made).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    app = settings.apps["demo"]
    assert app.api_key == made.api_key
    assert app.api_secrets[0].get_secret_value() == made.api_secret
    assert app.vendor_url == SIMULATOR
    assert app.notify_url == f"{INGRESS}/callbacks/demo/notify"
    assert settings.redis_url == "redis://ours/0"
    assert (settings.spool_dir, settings.shutdown_delay) == (folder / "spool", 0)
    assert settings.database_url == "postgresql://ours/x"


def test_the_callers_apps_are_added_to_the_demo(folder: Path) -> None:
    mine = {"shop": {"api_key": "k", "api_secrets": ["s"]}}
    apps = apps_of(gateway(folder, load_secrets(folder), FACEID_APPS=json.dumps(mine)))
    assert set(apps) == {"shop", "demo"}
    assert apps["shop"] == mine["shop"]


def test_the_callers_settings_for_the_demo_are_kept(folder: Path) -> None:
    mine = {"demo": {"api_key": "mine", "candidate_policy": "strict"}}
    ours = apps_of(gateway(folder, load_secrets(folder)))["demo"]
    apps = apps_of(gateway(folder, load_secrets(folder), FACEID_APPS=json.dumps(mine)))
    assert apps["demo"] == {**ours, **mine["demo"]}


@pytest.mark.parametrize("nothing", ["", "{}"])
def test_no_apps_of_the_caller_is_fine(folder: Path, nothing: str) -> None:
    assert set(apps_of(gateway(folder, load_secrets(folder), FACEID_APPS=nothing))) == {"demo"}


@pytest.mark.parametrize("broken", ["{", "[1]", '{"demo": 1}'])
def test_broken_apps_of_the_caller_are_one_line(folder: Path, broken: str) -> None:
    with pytest.raises(SettingsError, match=r"^FACEID_APPS: "):
        gateway(folder, load_secrets(folder), FACEID_APPS=broken)


def test_the_callers_settings_stay(folder: Path) -> None:
    mine = {"FACEID_SPOOL_DIR": "/mine", "FACEID_SHUTDOWN_DELAY": "9"}
    found = gateway(
        folder, load_secrets(folder), FACEID_MASTER_KEYS="mine", FACEID_PULL_SPACING="5", PATH="/bin", **mine
    )
    assert {name: found[name] for name in mine} == mine
    assert (found["FACEID_MASTER_KEYS"], found["FACEID_PULL_SPACING"], found["PATH"]) == ("mine", "5", "/bin")


def test_epoch_keys_are_in_the_folder(folder: Path) -> None:
    found = gateway(folder, load_secrets(folder))
    assert found["FACEID_KEYS_URL"] == (folder / "keys").absolute().as_uri()


def test_database_that_outlives_the_folder_gets_no_keys_in_it(folder: Path) -> None:
    foreign = {"FACEID_DATABASE_URL": "postgresql://elsewhere/faceid"}
    assert "FACEID_KEYS_URL" not in gateway(folder, load_secrets(folder), **foreign)
    mine = {"FACEID_KEYS_URL": "file:///mine"}
    assert gateway(folder, load_secrets(folder), **foreign, **mine)["FACEID_KEYS_URL"] == "file:///mine"


def test_the_simulator_starts_with_its_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_secrets(folder)
    told = simulator_environment({}, made, data_dir=folder, port=8090, ingress_url=INGRESS)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings = SimulatorSettings()
    app = settings.apps["demo"]
    assert (settings.port, settings.public_url) == (8090, SIMULATOR)
    assert (app.api_key, app.api_secret) == (made.api_key, made.api_secret)
    assert app.notify_url == f"{INGRESS}/callbacks/demo/notify"
    assert app.return_url == f"{INGRESS}/callbacks/demo/return"


def test_the_simulator_gets_none_of_the_gateways_settings(folder: Path) -> None:
    caller = {"FACEID_APPS": "secret", "FACEID_SIMULATOR_TOKEN_LIFE": "2", "PATH": "/bin"}
    made = load_secrets(folder)
    told = simulator_environment(caller, made, data_dir=folder, port=8090, ingress_url=INGRESS)
    assert "FACEID_APPS" not in told
    assert (told["FACEID_SIMULATOR_TOKEN_LIFE"], told["PATH"]) == ("2", "/bin")
    assert without_settings(caller) == {"FACEID_SIMULATOR_TOKEN_LIFE": "2", "PATH": "/bin"}
