"""`doctor` checks that a listener may open as many sockets as it is configured for."""

from adapters.processes.open_files import FILES_BESIDE_CONNECTIONS, most_open_files
from adapters.settings.settings import Settings
from cli.doctor.check import Check


def check_open_files(settings: Settings) -> Check:
    """Compare this process's limit with what `max_connections` needs."""
    most, needed = most_open_files(), settings.max_connections + FILES_BESIDE_CONNECTIONS
    if most >= needed:
        return Check("open files", True, f"{most} allowed, {needed} needed")
    return Check(
        "open files",
        False,
        f"{most} allowed, {needed} needed for FACEID_MAX_CONNECTIONS={settings.max_connections}: "
        "raise the hard limit (LimitNOFILE, ulimit -n) or lower the setting",
    )
