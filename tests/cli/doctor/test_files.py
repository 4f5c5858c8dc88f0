"""`doctor` reports a listener that cannot open as many sockets as configured."""

import pytest

from adapters.processes.open_files import FILES_BESIDE_CONNECTIONS, most_open_files
from adapters.settings.settings import load_settings
from cli.doctor.files import check_open_files


@pytest.mark.parametrize(("beyond", "ok"), [(0, True), (1, False)])
def test_connections_need_files(environment: pytest.MonkeyPatch, beyond: int, ok: bool) -> None:
    most = most_open_files()
    environment.setenv("FACEID_MAX_CONNECTIONS", str(most - FILES_BESIDE_CONNECTIONS + beyond))
    check = check_open_files(load_settings())
    assert check.ok is ok
    assert str(most) in check.detail
