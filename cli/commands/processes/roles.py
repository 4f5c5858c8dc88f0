"""`serve ingress`, `serve api`, `serve console`, `worker`: each is one process, or several supervised."""

import asyncio
from typing import Annotated

import structlog
import typer

from adapters.logs.logs import configure_logs
from adapters.processes.first_look import look_at_servers
from adapters.processes.keys import check_key_store
from adapters.processes.supervisor_link import SupervisorLink
from adapters.settings.settings import IngressSettings, Settings, load_settings, strange_names
from cli.supervisor.command import supervise

Host = Annotated[str, typer.Option(help="Address to listen on")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]
IngressPort = Annotated[
    int, typer.Option(min=1, max=65535, help="The vendor calls 443, 5000, 8028, 8883 or 16003")
]

Processes = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        show_default="no supervisor",
        help="Run this many processes under a supervisor; SIGHUP replaces them one by one",
    ),
]

serve = typer.Typer(no_args_is_help=True, help="Serve one HTTP role, configured by FACEID_… variables.")


@serve.command()
def ingress(host: Host = "127.0.0.1", port: IngressPort = 8028, processes: Processes = None) -> None:
    """Serve the public listener, which accepts callbacks and nothing else."""
    if processes is not None:
        _supervise_listener("ingress", host, port, processes)
        return
    from service.ingress.main import run  # noqa: PLC0415 - each role imports what it needs

    run(_start(database=False), host=host, port=port, supervisor=SupervisorLink.of_this_process())


@serve.command()
def api(host: Host = "127.0.0.1", port: Port = 8080, processes: Processes = None) -> None:
    """Serve the internal api: orders, lookups, explanations, policies, dead letters."""
    if processes is not None:
        _supervise_listener("api", host, port, processes)
        return
    from service.api.main import run  # noqa: PLC0415 - as above

    run(_start(), host=host, port=port, supervisor=SupervisorLink.of_this_process())


@serve.command()
def console(host: Host = "127.0.0.1", port: Port = 8081, processes: Processes = None) -> None:
    """Serve the console: the screens for people, who sign in (see `people`)."""
    if processes is not None:
        _supervise_listener("console", host, port, processes)
        return
    from service.console.main import run  # noqa: PLC0415 - as above

    run(_start(), host=host, port=port, supervisor=SupervisorLink.of_this_process())


def worker_command(processes: Processes = None) -> None:
    """Process callbacks and decide verifications."""
    if processes is not None:
        _configure(Settings)
        supervise(["worker"], count=processes)
        return
    from workers.main import run  # noqa: PLC0415 - as above

    run(_start(), supervisor=SupervisorLink.of_this_process())


def _supervise_listener(role: str, host: str, port: int, processes: int) -> None:
    from service.http.doors import open_balanced_doors  # noqa: PLC0415 - as above

    is_ingress = role == "ingress"
    settings = _configure(IngressSettings if is_ingress else Settings)
    metrics = (settings.ingress_metrics_host, settings.ingress_metrics_port if is_ingress else None)
    supervise(
        ["serve", role, "--host", host, "--port", str(port)],
        count=processes,
        doors=open_balanced_doors(host, port, count=processes),
        shutdown_delay=settings.shutdown_delay,
        metrics=metrics,
    )


def _configure(kind: type[Settings]) -> Settings:
    """The settings, whose mistakes the supervisor reports once instead of each of its processes."""
    settings = load_settings(kind)
    configure_logs(settings.log_level)
    return settings


def _start(*, database: bool = True) -> Settings:
    settings = _configure(Settings if database else IngressSettings)
    for name in strange_names():
        structlog.get_logger(__name__).warning("setting.unknown", setting=name)
    asyncio.run(look_at_servers(settings, database=database))
    if database:
        asyncio.run(check_key_store(settings))
    return settings
