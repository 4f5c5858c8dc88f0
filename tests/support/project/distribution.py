"""How `pytest -n auto` spreads the suite over processes: what waits begins first, the rest runs beside it.

A unit is what one process runs in one piece: a module, so that what a test leaves behind shows in its module;
the modules that share the running gateway; each test by itself where a module's tests take seconds.
(xdist's own groups go by a private attribute of items that pytest 9.2 no longer reads.)
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.servers.private import share_template

FOREIGN: Final = ("FACEID_REDIS_URL", "FACEID_DATABASE_URL")

APART: Final = (
    "tests/whole/e2e/roles/test_lone_roles.py",
    "tests/whole/e2e/test_pgbouncer.py",
    "tests/service/api/access/test_auth.py",
    "tests/adapters/postgres/test_schema.py",
    "tests/adapters/redis/test_durability.py",
    "tests/adapters/postgres/test_locked_rows.py",
    "tests/service/http/test_doors.py",
    "tests/service/http/test_serving.py",
    "tests/whole/stateful/test_gateway_machines.py",
    "tests/domain/policy/test_any_policy.py",
    "tests/domain/policy/test_properties.py",
)
"""Modules that take long, most of them by waiting; those that take longest first."""

SHARED: Final = "tests/whole/e2e"
"""The other modules of this folder send to one running gateway."""

THOROUGH: Final = (
    "tests/project/test_deploy.py",
    "tests/adapters/postgres/test_failover.py",
    "tests/adapters/redis/test_full_redis.py",
    "tests/adapters/processes/test_heartbeats.py",
    "tests/adapters/intake/test_intake.py",
    "tests/adapters/redis/test_client.py",
    "tests/adapters/intake/test_spooling.py",
    "tests/adapters/configuration/urls/test_database_tls.py",
    "tests/devstack/test_preflight.py",
    "tests/cli/test_main.py",
    "tests/project/test_commit_message.py",
    "tests/devstack/test_processes.py",
    "tests/devstack/test_roles.py",
    "tests/devstack/test_servers.py",
    "tests/devstack/test_keeper.py",
    "tests/domain/policy/test_any_change.py",
    "tests/domain/policy/test_recompute.py",
    "tests/domain/callback/test_strict_json.py",
    "tests/service/ingress/test_any_change.py",
    "tests/service/problems/test_problems.py",
    "tests/service/http/test_protocol.py",
)
"""Modules beside those of APART that start processes or try thousands of inputs: not for `--fast`."""

MEASURED: Final = "tests/domain"
"""`make coverage` runs the fast tests of this folder."""

SERVERS: Final = frozenset({"redis_url", "database_url", "store[real]", "queue[real]", "stack"})
"""What a test uses that needs a server: fixtures, or their parameters."""


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist brings no types
    """Hands out units in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module in APART:
            return nodeid
        return SHARED if _is_shared(module) else module


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only what needs no server and takes no time")
    parser.addoption("--without-measured", action="store_true", help="leave out what `make coverage` runs")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    if not config.getoption("fast"):
        share_template()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes a core: the suite waits about as long as it computes. None on servers of others.

    Valkey sends an announcement to listeners on all its databases, and some tests change its settings.
    """
    if any(os.environ.get(name) for name in FOREIGN):
        return 0
    cores = os.cpu_count() or 1
    return cores if config.getoption("fast") else 2 * cores


def pytest_keyboard_interrupt() -> None:
    """End the servers of the processes that xdist is about to kill in the middle of a test."""
    this = psutil.Process()
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for server in {*this.children(recursive=True)} - {*this.children()}:
        with suppress(psutil.NoSuchProcess):
            server.terminate()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first; the rest stays as collected."""
    items.sort(key=_place)
    if config.getoption("fast"):
        _leave_out(config, items, lambda item: not _is_fast(item))
    if config.getoption("without_measured"):
        _leave_out(config, items, _is_measured)


def _leave_out(config: pytest.Config, items: list[pytest.Item], which: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if which(item)])
    items[:] = [item for item in items if not which(item)]


def _is_measured(item: pytest.Item) -> bool:
    return PurePosixPath(item.nodeid).is_relative_to(MEASURED) and _is_fast(item)


def _is_fast(item: pytest.Item) -> bool:
    module = item.nodeid.partition("::")[0]
    return module not in {*APART, *THOROUGH} and SERVERS.isdisjoint(_used(item))


def _used(item: pytest.Item) -> set[str]:
    """The names of its fixtures, and `name[parameter]` of those that have parameters."""
    fixtures = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return fixtures | {f"{name}[{value}]" for name, value in parameters.items() if isinstance(value, str)}


def _place(item: pytest.Item) -> int:
    module = item.nodeid.partition("::")[0]
    if _is_shared(module):
        return 0
    return 1 + APART.index(module) if module in APART else len(APART) + 1


def _is_shared(module: str) -> bool:
    return PurePosixPath(module).is_relative_to(SHARED) and module not in APART
