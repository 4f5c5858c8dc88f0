"""Processes start in order, are restarted when they die, stop in reverse; a failed start names its log."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from devstack import processes
from devstack import supervisor as supervisors
from devstack.processes import ProcessSpec, StartFailed
from devstack.supervisor import Supervisor
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
    supervisor: Supervisor, tmp_path: Path
) -> None:
    await supervisor.start(parrot(tmp_path))

    async def greeted() -> bool:
        # The file is there, and counts as the answer, a moment before its line is.
        return (tmp_path / "one.up").read_text() == "hello\n"

    await until(greeted)
    assert psutil.pid_exists(supervisor.pids["one"])
    environ = psutil.Process(supervisor.pids["one"]).environ()
    assert {name for name in environ if name != "PWD"} <= {"PATH", "GREETING", "_", "SHLVL", "OLDPWD"}


async def test_its_output_goes_to_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    spec = parrot(tmp_path)
    await supervisor.start(spec)

    async def said() -> bool:
        return spec.log.read_text() == "said\n"

    await until(said)


async def test_a_killed_process_is_restarted_under_another_pid(
    supervisor: Supervisor, tmp_path: Path, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "_PAUSES", (0.01,))
    await supervisor.start(parrot(tmp_path))
    for count in (1, 2, 3):
        (tmp_path / "one.up").unlink()
        killed = supervisor.pids["one"]
        os.kill(killed, signal.SIGKILL)

        async def is_up_again(count: int = count) -> bool:
            # Its file may be there a moment before the supervisor knows of the new process.
            return (tmp_path / "one.up").exists() and len(changes) >= count

        await until(is_up_again)
        assert supervisor.pids["one"] != killed
        assert len(changes) == count


async def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    class Pauses(tuple[float, ...]):
        def __getitem__(self, index: object) -> float:  # type: ignore[override]
            assert isinstance(index, int)
            taken.append(index)
            return 0

    assert list(supervisors._PAUSES) == sorted(supervisors._PAUSES)
    monkeypatch.setattr(supervisors, "_PAUSES", Pauses(supervisors._PAUSES))
    await supervisor.start(parrot(tmp_path, script="touch {name}.up; sleep 0.02"))

    async def often() -> bool:
        return len(taken) >= 6

    await until(often)
    assert taken[:6] == [1, 2, 3, 4, 4, 4]


async def test_processes_are_stopped_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        await supervisor.start(parrot(tmp_path, name))
    pids = list(supervisor.pids.values())
    await supervisor.stop()
    assert (tmp_path / "ends").read_text().split() == ["three", "two", "one"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert supervisor.pids == {}


async def test_a_stopped_process_is_not_restarted(
    supervisor: Supervisor, tmp_path: Path, changes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "_PAUSES", (0,))
    await supervisor.start(parrot(tmp_path))
    (tmp_path / "one.up").unlink()
    await supervisor.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nobody is left to restart it"
    assert changes == []
    assert not (tmp_path / "one.up").exists()


async def test_one_that_just_died_can_be_stopped(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisors, "_PAUSES", (3600,))
    await supervisor.start(parrot(tmp_path))
    pid = supervisor.pids["one"]
    os.kill(pid, signal.SIGKILL)

    async def gone() -> bool:
        return not psutil.pid_exists(pid)

    await until(gone)
    await asyncio.wait_for(supervisor.stop(), 5)


async def test_one_that_ends_at_its_start_is_named_with_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    spec = parrot(tmp_path, script="echo why >&2; exit 3")
    with pytest.raises(StartFailed, match=f"^one ended at its start; see {spec.log}$"):
        await supervisor.start(spec)
    assert spec.log.read_text() == "why\n"


async def test_one_that_never_answers_is_named_and_stopped(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_PATIENCE", 0.3)
    with pytest.raises(StartFailed, match=r"^one does not answer; see .*one\.log$"):
        await supervisor.start(parrot(tmp_path, script="exec sleep 3600"))
    pid = supervisor.pids["one"]
    await supervisor.stop()
    assert not psutil.pid_exists(pid)


async def test_one_that_will_not_end_is_killed_with_its_children(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_PATIENCE", 0.2)
    stubborn = "trap '' TERM; sleep 3600 & echo $! > child; touch {name}.up; while :; do wait; done"
    await supervisor.start(parrot(tmp_path, script=stubborn))
    pid, child = supervisor.pids["one"], int((tmp_path / "child").read_text())
    await supervisor.stop()
    assert not psutil.pid_exists(pid)

    async def childless() -> bool:
        return not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE

    await until(childless)


async def test_each_is_stopped_by_its_own_signal(supervisor: Supervisor, tmp_path: Path) -> None:
    script = PARROT.replace("TERM", "INT")
    await supervisor.start(replace(parrot(tmp_path, script=script), stop_signal=signal.SIGINT))
    await supervisor.stop()
    assert (tmp_path / "ends").read_text() == "one\n"


async def test_the_scratch_folder_is_removed_with_the_process(supervisor: Supervisor, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "socket").touch()
    await supervisor.start(replace(parrot(tmp_path), scratch=scratch))
    await supervisor.stop()
    assert not scratch.exists()


async def test_a_signal_to_us_does_not_reach_them(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start(parrot(tmp_path))
    assert os.getsid(supervisor.pids["one"]) != os.getsid(0)


async def test_a_role_that_does_not_start_says_why(supervisor: Supervisor, tmp_path: Path) -> None:
    script = "echo noise; echo 'faceid-gateway: FACEID_MASTER_KEYS: not set' >&2; exit 1"
    with pytest.raises(StartFailed, match=r"^one ended at its start; see .*: FACEID_MASTER_KEYS: not set$"):
        await supervisor.start(parrot(tmp_path, script=script))
