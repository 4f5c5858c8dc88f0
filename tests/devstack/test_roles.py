"""Each role is run by its command, in the environment that it shares with the others."""

import sys
from pathlib import Path

import pytest

from devstack.ports import free_port
from devstack.processes import Process
from devstack.roles import Roles
from tests.support.http.clients import plain_client

ROLES = Roles({"PATH": "/bin"}, Path("/logs"))


def test_each_role_has_its_command_its_log_and_its_url() -> None:
    specs = [ROLES.ingress(8028), ROLES.ingress(8029, name="second"), ROLES.api(8080), ROLES.worker()]
    assert [(spec.argv[3:], spec.log.name, spec.url) for spec in specs] == [
        (("serve", "ingress", "--port", "8028"), "ingress.log", "http://127.0.0.1:8028"),
        (("serve", "ingress", "--port", "8029"), "second.log", "http://127.0.0.1:8029"),
        (("serve", "api", "--port", "8080"), "api.log", "http://127.0.0.1:8080"),
        (("worker",), "worker.log", ""),
    ]
    assert {spec.argv[:3] for spec in specs} == {(sys.executable, "-m", "cli")}


def test_more_settings_leave_the_roles_as_they_were() -> None:
    more = ROLES.with_settings(FACEID_SWEEP_EVERY="1")
    assert more.worker().env == {"PATH": "/bin", "FACEID_SWEEP_EVERY": "1"}
    assert ROLES.worker().env == {"PATH": "/bin"}


async def test_a_program_is_up_once_its_port_takes_connections(tmp_path: Path) -> None:
    port = free_port()
    spec = Roles({}, tmp_path).program("files", "-m", "http.server", str(port), port=port)
    async with Process(spec) as process, plain_client() as client:
        assert (await client.get(process.url)).status_code == 200
    assert not await spec.answers()


@pytest.mark.parametrize("role", ["ingress", "simulator"])
async def test_a_listener_that_answers_an_error_is_not_up(role: str, tmp_path: Path) -> None:
    port = free_port()
    spec = Roles({}, tmp_path).program("files", "-m", "http.server", str(port), port=port)
    async with Process(spec):
        # The server of files knows no /healthz.
        assert not await getattr(ROLES, role)(port).answers()
