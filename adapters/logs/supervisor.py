"""Log events of the supervisor of `--processes`."""

from typing import Final

from adapters.logs.event import LogEvent

SUPERVISOR_EVENTS: Final = {
    "process.started": LogEvent("info", "supervisor", "Process `n` was started as `pid`."),
    "process.ended": LogEvent(
        "info",
        "supervisor",
        "A process that another one had replaced ended (`detail`: exit code or signal).",
    ),
    "process.died": LogEvent(
        "error",
        "supervisor",
        "Process `n` ended unasked (`detail`: exit code or signal), `attempts` times in a row; it is started "
        "again, later each time.",
    ),
    "process.killed": LogEvent(
        "error",
        "supervisor",
        "A process that had to end did not within `seconds` and was killed.",
    ),
    "processes.restarting": LogEvent(
        "info",
        "supervisor",
        "SIGHUP: the `count` processes are replaced one after the other.",
    ),
    "processes.restarted": LogEvent(
        "info",
        "supervisor",
        "All `count` processes are new; the old ones finish what they have.",
    ),
    "processes.restart_failed": LogEvent(
        "error",
        "supervisor",
        "The new process `n` did not get ready. The old one goes on, and so do those after it; the new "
        "process's own log says why.",
    ),
    "processes.stopping": LogEvent("info", "supervisor", "A signal: the `count` processes end in order."),
    "processes.gave_up": LogEvent(
        "error",
        "supervisor",
        "A process ended five times in a row, or could not be started (`detail`). The others end in order, "
        "and the supervisor exits with 1.",
    ),
}
