"""nginx with the shipped file in front of two ingress processes, without TLS."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from devstack import ports
from devstack.processes import Process, ProcessSpec

SHIPPED: Final = Path(__file__).parents[4] / "deploy" / "nginx.conf"
PORTS: Final = ("8028", "8029")

_MAIN: Final = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/faceid.conf;
}}
"""


def find_nginx() -> str | None:
    """The program, which Debian puts where an ordinary user's PATH does not lead."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def shipped_file(*, listens_on: int, upstreams: tuple[int, int]) -> str:
    """deploy/nginx.conf on other ports and without its certificate; all else as it is."""
    text = SHIPPED.read_text()
    for shipped, port in zip(PORTS, upstreams, strict=True):
        text = text.replace(f"127.0.0.1:{shipped}", f"127.0.0.1:{port}")
    text = re.sub(r"^ *(listen \[::\]|ssl_).*\n", "", text, flags=re.MULTILINE)
    return text.replace("listen 443 ssl;", f"listen 127.0.0.1:{listens_on};")


@asynccontextmanager
async def nginx(folder: Path, conf: str, *, port: int) -> AsyncIterator[None]:
    """nginx with this file inside the block."""
    program = find_nginx()
    assert program is not None
    await asyncio.to_thread(_write, folder, conf)
    spec = ProcessSpec(
        "nginx",
        (program, "-p", str(folder), "-c", str(folder / "nginx.conf")),
        {},
        folder / "nginx.log",
        answers=lambda: ports.listens(port),
    )
    async with Process(spec):
        yield


def _write(folder: Path, conf: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "faceid.conf").write_text(conf)
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))
