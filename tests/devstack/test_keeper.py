"""Processes start in order, are restarted when they die, stop in reverse; a failed start names its log."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from devstack import keeper as keeping
from devstack import processes
from devstack.keeper import Keeper
from devstack.processes import ProcessSpec, StartFailed
from devstack.waiting import until

PARROT = """
trap 'echo {name} >> ends; exit 0' TERM
echo "$GREETING" > {name}.up
echo said
while :; do sleep 0.02; done
"""


def parrot(folder: Path, name: str = "one", *, script: str = PARROT) -> ProcessSpec:
    """A process that answers once its file exists, and writes its name at SIGTERM."""
    up = folder / f"{name}.up"

    async def answers() -> bool:
        return up.exists()

    argv = ["/bin/sh", "-c", f"cd {folder}\n" + script.format(name=name)]
    env = {"PATH": os.environ["PATH"], "GREETING": "hello"}
    return ProcessSpec(name, argv, env, folder / "logs" / f"{name}.log", answers)


async def test_a_started_process_answers_and_gets_its_environment_alone(
    keeper: Keeper, tmp_path: Path
) -> None:
    await keeper.start(parrot(tmp_path))

    async def greeted() -> bool:
        # The file is there, and counts as the answer, a moment before its line is.
        return (tmp_path / "one.up").read_text() == "hello\n"

    await until(greeted)
    assert psutil.pid_exists(keeper.pids["one"])
    environ = psutil.Process(keeper.pids["one"]).environ()
    assert {name for name in environ if name != "PWD"} <= {"PATH", "GREETING", "_", "SHLVL", "OLDPWD"}


async def test_its_output_goes_to_its_log(keeper: Keeper, tmp_path: Path) -> None:
    spec = parrot(tmp_path)
    await keeper.start(spec)

    async def said() -> bool:
        return spec.log.read_text() == "said\n"

    await until(said)


async def test_a_killed_process_is_restarted_under_another_pid(
    keeper: Keeper, tmp_path: Path, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_PAUSES", (0.01,))
    await keeper.start(parrot(tmp_path))
    for count in (1, 2, 3):
        (tmp_path / "one.up").unlink()
        killed = keeper.pids["one"]
        os.kill(killed, signal.SIGKILL)

        async def is_up_again(count: int = count) -> bool:
            # Its file may be there a moment before the keeper knows of the new process.
            return (tmp_path / "one.up").exists() and len(changes) >= count

        await until(is_up_again)
        assert keeper.pids["one"] != killed
        assert len(changes) == count


async def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    class Pauses(tuple[float, ...]):
        def __getitem__(self, index: object) -> float:  # type: ignore[override]
            assert isinstance(index, int)
            taken.append(index)
            return 0

    assert list(keeping._PAUSES) == sorted(keeping._PAUSES)
    monkeypatch.setattr(keeping, "_PAUSES", Pauses(keeping._PAUSES))
    await keeper.start(parrot(tmp_path, script="touch {name}.up; sleep 0.02"))

    async def often() -> bool:
        return len(taken) >= 6

    await until(often)
    assert taken[:6] == [1, 2, 3, 4, 4, 4]


async def test_processes_are_stopped_in_reverse_order(keeper: Keeper, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        await keeper.start(parrot(tmp_path, name))
    pids = list(keeper.pids.values())
    await keeper.stop()
    assert (tmp_path / "ends").read_text().split() == ["three", "two", "one"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert keeper.pids == {}


async def test_a_stopped_process_is_not_restarted(
    keeper: Keeper, tmp_path: Path, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_PAUSES", (0,))
    await keeper.start(parrot(tmp_path))
    (tmp_path / "one.up").unlink()
    await keeper.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nobody is left to restart it"
    assert changes == []
    assert not (tmp_path / "one.up").exists()


async def test_one_that_just_died_can_be_stopped(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_PAUSES", (3600,))
    await keeper.start(parrot(tmp_path))
    pid = keeper.pids["one"]
    os.kill(pid, signal.SIGKILL)

    async def gone() -> bool:
        return not psutil.pid_exists(pid)

    await until(gone)
    await asyncio.wait_for(keeper.stop(), 5)


async def test_one_that_ends_at_its_start_is_named_with_its_log(keeper: Keeper, tmp_path: Path) -> None:
    spec = parrot(tmp_path, script="echo why >&2; exit 3")
    with pytest.raises(StartFailed, match=f"^one ended at its start; see {spec.log}$"):
        await keeper.start(spec)
    assert spec.log.read_text() == "why\n"


async def test_one_that_never_answers_is_named_and_stopped(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_PATIENCE", 0.3)
    with pytest.raises(StartFailed, match=r"^one does not answer; see .*one\.log$"):
        await keeper.start(parrot(tmp_path, script="exec sleep 3600"))
    pid = keeper.pids["one"]
    await keeper.stop()
    assert not psutil.pid_exists(pid)


async def test_one_that_will_not_end_is_killed_with_its_children(
    keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_PATIENCE", 0.2)
    stubborn = "trap '' TERM; sleep 3600 & echo $! > child; touch {name}.up; while :; do wait; done"
    await keeper.start(parrot(tmp_path, script=stubborn))
    pid, child = keeper.pids["one"], int((tmp_path / "child").read_text())
    await keeper.stop()
    assert not psutil.pid_exists(pid)

    async def childless() -> bool:
        return not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE

    await until(childless)


async def test_each_is_stopped_by_its_own_signal(keeper: Keeper, tmp_path: Path) -> None:
    script = PARROT.replace("TERM", "INT")
    await keeper.start(replace(parrot(tmp_path, script=script), stop_signal=signal.SIGINT))
    await keeper.stop()
    assert (tmp_path / "ends").read_text() == "one\n"


async def test_the_scratch_folder_is_removed_with_the_process(keeper: Keeper, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "socket").touch()
    await keeper.start(replace(parrot(tmp_path), scratch=scratch))
    await keeper.stop()
    assert not scratch.exists()


async def test_a_signal_to_us_does_not_reach_them(keeper: Keeper, tmp_path: Path) -> None:
    await keeper.start(parrot(tmp_path))
    assert os.getsid(keeper.pids["one"]) != os.getsid(0)


async def test_a_role_that_does_not_start_says_why(keeper: Keeper, tmp_path: Path) -> None:
    script = "echo noise; echo 'faceid-gateway: FACEID_MASTER_KEYS: not set' >&2; exit 1"
    with pytest.raises(StartFailed, match=r"^one ended at its start; see .*: FACEID_MASTER_KEYS: not set$"):
        await keeper.start(parrot(tmp_path, script=script))
