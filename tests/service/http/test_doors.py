"""A port that cannot be had is one line, and `serving` is logged once it does."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import SettingsError
from service.http.doors import open_balanced_doors, open_doors

LISTENER = """
import sys
from adapters.logs.logs import configure_logs
from service.http.lifecycle import Lifecycle
from tests.service.http.test_serving import SLOW_APP
configure_logs("info")
sys.argv = ["", sys.argv[1], "0"]
exec(SLOW_APP)
"""


def test_a_taken_port_is_reported(free_port: int) -> None:
    [door] = open_doors("127.0.0.1", free_port)
    with pytest.raises(SettingsError, match=f"^--host 127.0.0.1 --port {free_port}: the port is taken"):
        open_doors("127.0.0.1", free_port)
    door.close()
    [again] = open_doors("127.0.0.1", free_port)
    again.close()


@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "not one of this machine's"), ("nowhere.invalid", "--host nowhere.invalid")],
)
def test_an_unavailable_address_is_reported(host: str, reason: str, free_port: int) -> None:
    with pytest.raises(SettingsError, match=reason):
        open_doors(host, free_port)


async def test_serving_is_logged_once_it_serves_and_never_for_a_port_that_is_taken(free_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        ended = await asyncio.to_thread(listen_on, free_port)
    assert "SettingsError" in ended.stderr
    assert "serving" not in ended.stdout


def listen_on(port: int) -> "subprocess.CompletedProcess[str]":
    root = str(Path(__file__).parents[3])
    argv = [sys.executable, "-c", LISTENER, str(port)]
    env = os.environ | {"PYTHONPATH": root}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


async def test_the_port_that_is_logged_is_the_one_that_answers() -> None:
    root = str(Path(__file__).parents[3])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENER, "0", env=os.environ | {"PYTHONPATH": root}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    line = json.loads(await process.stdout.readline())
    assert line["event"] == "serving"
    _, writer = await asyncio.open_connection("127.0.0.1", line["port"])
    writer.close()
    process.kill()
    await process.wait()


async def test_each_process_has_its_own_door_to_the_same_port() -> None:
    sets = open_balanced_doors("127.0.0.1", 0, count=3)
    [port] = {door.getsockname()[1] for doors in sets for door in doors}
    assert len({door for doors in sets for door in doors}) == (3 if sys.platform == "linux" else 1)
    with pytest.raises(SettingsError, match="the port is taken"):
        open_balanced_doors("127.0.0.1", port, count=2)
    with pytest.raises(SettingsError, match="the port is taken"):
        open_doors("127.0.0.1", port)
    for door in {door for doors in sets for door in doors}:
        door.close()


def test_where_the_system_does_not_spread_connections_the_processes_share_a_door(
    monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    [[one], [other]] = open_balanced_doors("127.0.0.1", free_port, count=2)
    assert one is other
    one.close()
