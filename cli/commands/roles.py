"""`serve ingress`, `serve api` and `worker`: each is one process."""

import asyncio
from typing import Annotated

import structlog
import typer

from adapters.logs.logs import configure_logs
from adapters.processes.first_look import look_at_servers
from adapters.settings import IngressSettings, Settings, load_settings, strange_names

Host = Annotated[str, typer.Option(help="Address to listen on")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 = any free port")]
IngressPort = Annotated[
    int, typer.Option(min=1, max=65535, help="The vendor calls 443, 5000, 8028, 8883 or 16003")
]

serve = typer.Typer(no_args_is_help=True, help="Serve one HTTP role, configured by FACEID_… variables.")


@serve.command()
def ingress(host: Host = "127.0.0.1", port: IngressPort = 8028) -> None:
    """Serve the public listener, which accepts callbacks and nothing else."""
    from service.ingress.main import run  # noqa: PLC0415 - each role imports what it needs

    run(_start(database=False), host=host, port=port)


@serve.command()
def api(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Serve the internal api: orders, lookups, explanations, policies, dead letters."""
    from service.api.main import run  # noqa: PLC0415 - as above

    run(_start(), host=host, port=port)


def worker_command() -> None:
    """Process callbacks and decide verifications."""
    from workers.main import run  # noqa: PLC0415 - as above

    run(_start())


def _start(*, database: bool = True) -> Settings:
    settings = load_settings(Settings if database else IngressSettings)
    configure_logs(settings.log_level)
    for name in strange_names():
        structlog.get_logger(__name__).warning("setting.unknown", setting=name)
    asyncio.run(look_at_servers(settings, database=database))
    return settings
