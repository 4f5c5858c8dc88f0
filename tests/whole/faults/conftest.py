"""`make faults`: its options, its figures, and the programs that it cannot do without."""

import random
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.whole.faults.rig.harness import Rig, running_rig
from tests.whole.faults.rig.report import FIGURES, Notebook, Reporter
from tests.whole.faults.rig.tools import missing_packages


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="five times as many faults")
    group.addoption("--seed", type=int, default=None, help="repeat a run's random moments")
    group.addoption("--without-tools", action="store_true", help="leave out what needs strace or libfaketime")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(package): a test that uses a program of this Debian package")
    config.pluginmanager.register(Reporter(config))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fail at once when a program is missing: a suite that silently proves less proves nothing."""
    needing = [item for item in items if item.get_closest_marker("needs")]
    if config.getoption("without_tools"):
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]
    elif needing and (missing := missing_packages()):
        packages = " ".join(missing)
        pytest.exit(f"missing: {packages} (apt-get install {packages}, or --without-tools)", returncode=4)


@pytest.fixture
def notebook(record_property: Callable[[str, object], None]) -> Notebook:
    """Figures of this test, printed when it has ended, whatever its end."""
    notebook = Notebook()
    record_property(FIGURES, notebook.figures)
    return notebook


@pytest.fixture
def times(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How often to do something that is done `n` times in the short run."""
    return lambda n: n * 5 if request.config.getoption("long") else n


@pytest.fixture
def chance(request: pytest.FixtureRequest, notebook: Notebook) -> random.Random:
    """The random moments of a test; its seed is among the figures."""
    given = request.config.getoption("seed")
    seed = random.SystemRandom().randrange(2**32) if given is None else given
    notebook.note(seed=str(seed))
    return random.Random(seed)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A gateway that is up, with the settings that the test module names `SETTINGS`."""
    failed_before = request.session.testsfailed
    async with running_rig(**getattr(request.module, "SETTINGS", {})) as rig:
        await rig.start("ingress")
        await rig.start("worker")
        yield rig
        rig.keep = request.session.testsfailed > failed_before
