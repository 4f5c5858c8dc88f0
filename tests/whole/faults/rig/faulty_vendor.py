"""The vendor on a bad day: get_result that ends each call as the verification's script says.

A separate process (`python -m tests.whole.faults.rig.faulty_vendor PORT LOG`). It notes every call in LOG
before anything else happens, so that its own death forgets none: a line is the biz_id and how many calls for
it are under way. The fourth call for a verification is refused, as the vendor would. The environment
variable FACEID_FAULTS_OUTAGE names a script that goes for every verification. With FACEID_FAULTS_LIMIT, calls
beyond that many at once are refused; they are noted by nobody.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import uvloop

from tests.support.servers.vendor import (
    Ending,
    answers,
    closes,
    floods,
    gzipped,
    hangs,
    refuses,
    resets,
    sends,
)
from tests.whole.faults.rig.callbacks import new_biz_id, result_body, result_with_pictures, script_of

Script = tuple[Callable[[str], Ending], ...]
"""How the first, second … call for a biz_id ends; the last ending is kept."""

OUTAGE: Final = "FACEID_FAULTS_OUTAGE"
LIMIT: Final = "FACEID_FAULTS_LIMIT"
PICTURES: Final = "pictures"
"""The script whose results have pictures: its app asks for them."""
GIGABYTE: Final = 2**30
_CALLS: Final = 3
_DRIPS: Final = 1000
_SLOW: Final = 0.5
_NO_LIMIT: Final = 10**9


def _always(ending: Ending) -> Callable[[str], Ending]:
    return lambda _biz_id: ending


def _works(biz_id: str) -> Ending:
    return answers(200, result_body(biz_id))


def _shows_pictures(biz_id: str) -> Ending:
    return answers(200, result_with_pictures(biz_id))


def _of_another(_biz_id: str) -> Ending:
    return answers(200, result_body(new_biz_id()))


def _drips(biz_id: str) -> Ending:
    body = result_body(biz_id)
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    return sends(head, *(body[i : i + 1] for i in range(_DRIPS)), pause=0.5)


_NOT_FOUND: Final = refuses(400, "RESULT_NOT_FOUND")
_BUSY: Final = refuses(403, "CONCURRENCY_LIMIT_EXCEEDED")
_DESTROYED: Final = refuses(403, "DATA_DESTROYED")


def _slowly(biz_id: str) -> Ending:
    async def end(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(_SLOW)
        await _works(biz_id)(writer)

    return end


SCRIPTS: Final[dict[str, Script]] = {
    "works": (_works,),
    "500": (_always(refuses(500, "INTERNAL_ERROR")),),
    "500 once": (_always(refuses(500, "INTERNAL_ERROR")), _works),
    "hangs": (_always(hangs),),
    "hangs once": (_always(hangs), _works),
    "resets": (_always(resets),),
    "resets once": (_always(resets), _works),
    "closes once": (_always(closes), _works),
    "drips": (_drips,),
    "another biz_id": (_of_another,),
    "a gigabyte": (_always(floods(GIGABYTE)),),
    "busy": (_always(refuses(403, "CONCURRENCY_LIMIT_EXCEEDED")),),
    "busy once": (_always(refuses(403, "CONCURRENCY_LIMIT_EXCEEDED")), _works),
    "destroyed": (_always(_DESTROYED),),
    "gzip bomb": (_always(gzipped(bytes(64 * 2**20))),),
    "html": (_always(answers(200, b"<html>maintenance</html>", content_type="text/html")),),
    "html 502": (_always(answers(502, b"<html>bad gateway</html>", content_type="text/html")),),
    "html once": (_always(answers(200, b"<html>maintenance</html>")), _works),
    "429 once": (_always(answers(429, b"Too Many Requests")), _works),
    "busy with 200 once": (_always(refuses(200, "CONCURRENCY_LIMIT_EXCEEDED")), _works),
    "another secret once": (_always(refuses(403, "AUTHENTICATION_ERROR")), _works),
    "late twice": (_always(_NOT_FOUND), _always(_NOT_FOUND), _works),
    "slow": (_slowly,),
    PICTURES: (_shows_pictures,),
    "not http": (_always(sends(b"\x00\xff\x00 what is this\r\n\r\n")),),
}
NAMES: Final = tuple(SCRIPTS)


def biz_id_for(script: str) -> str:
    """A new verification that this vendor treats by the script of this name."""
    return new_biz_id(NAMES.index(script))


class FaultyVendor:
    """Counts the calls per biz_id, notes them, ends them."""

    def __init__(self, log: int, *, outage: str | None, limit: int = _NO_LIMIT) -> None:
        self._limit = limit
        self._log = log
        self._outage = outage
        self._calls: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode("ascii")
                biz_id = parse_qs(urlsplit(target).query).get("biz_id", [""])[0]
                await self._end(biz_id, reader, writer)
        writer.close()

    async def _end(self, biz_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._calls[biz_id] += 1
        if self._under_way.total() >= self._limit:
            await _BUSY(writer)
            return
        self._under_way[biz_id] += 1
        os.write(self._log, f"{json.dumps([biz_id, self._under_way[biz_id]])}\n".encode())
        try:
            await _until_gone(reader, self._ending(biz_id)(writer))
        finally:
            self._under_way[biz_id] -= 1

    def _ending(self, biz_id: str) -> Ending:
        n = self._calls[biz_id]
        if n > _CALLS:
            return _DESTROYED
        script = SCRIPTS[self._outage or NAMES[script_of(biz_id)]]
        return script[min(n, len(script)) - 1](biz_id)


async def _until_gone(reader: asyncio.StreamReader, ending: Awaitable[None]) -> None:
    """Let a call end, or give it up when the caller has."""
    gone = asyncio.ensure_future(reader.read(1))
    end = asyncio.ensure_future(ending)
    await asyncio.wait({gone, end}, return_when=asyncio.FIRST_COMPLETED)
    for task in (gone, end):
        task.cancel()
    await asyncio.gather(gone, end, return_exceptions=True)


async def _serve(port: int, log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    limit = int(os.environ.get(LIMIT, _NO_LIMIT))
    vendor = FaultyVendor(file, outage=os.environ.get(OUTAGE), limit=limit)
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve until a signal."""
    uvloop.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))


if __name__ == "__main__":
    main()
