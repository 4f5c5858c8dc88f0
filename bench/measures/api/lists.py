"""The time of a list's page by each filter, of the dead letters' page and of /metrics, one request at a time.

Two apps, tokens for both. The lookup of one verification is there to compare with. The api keeps the metrics
for some seconds, so they are asked for as rarely. The first scrape also opens connections and prepares.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from bench.failure import BenchFailed
from bench.measures.api.lookups import lookup_of, put_token, running_api, write_requests
from bench.measures.ingress.contenders import Side
from bench.report.console import show_progress
from bench.report.figures import Figure, limit, median
from bench.rig import Rig, empty
from bench.traffic.callbacks import APP_ID, SECOND_APP_ID
from bench.traffic.load import Load, run_load
from bench.traffic.seeding import seed, seed_letters
from domain.views.tokens import SCOPES
from service.api.metrics.page import FRESH_FOR

TARGET: Final = 20.0
SCRAPES: Final = 3
REQUESTS: Final = 31
"""Below the burst of lists that the api allows one token."""

_SINCE: Final = "2026-01-01T00:00:30Z"
_UNTIL: Final = "2026-01-01T00:00:40Z"

FILTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "both apps": {},
    "one app": {"app_id": APP_ID},
    "outcome": {"outcome": "approved"},
    "rare outcome": {"outcome": "rejected"},
    "rare outcome of one app": {"outcome": "rejected", "app_id": APP_ID},
    "absent outcome": {"outcome": "review"},
    "effective outcome": {"effective_outcome": "approved"},
    "rare effective outcome": {"effective_outcome": "rejected"},
    "outcome that a person changed": {"outcome": "review", "effective_outcome": "approved"},
    "reason": {"reason": "face.below_threshold"},
    "reason, outcome and biz_no": {
        "reason": "face.below_threshold",
        "outcome": "rejected",
        "biz_no": "order 7",
    },
    "absent reason": {"reason": "attack.mask"},
    "state": {"state": "expired"},
    "absent state": {"state": "created"},
    "biz_no": {"biz_no": "order 5"},
    "biz_no and outcome": {"biz_no": "order 7", "outcome": "approved"},
    "since and until": {"since": _SINCE, "until": _UNTIL},
    "rare outcome until": {"outcome": "rejected", "until": _UNTIL},
}
"""The query of each list."""


async def measure_lists(rig: Rig, *, size: int, letters: int) -> list[Figure]:
    """Fill the database to `size` verifications and `letters` dead letters, and measure each page."""
    show_progress(f"lists: filling the database to {size:,} verifications and {letters:,} dead letters")
    lookups = [lookup_of(biz_id) for biz_id in (await seed(rig, count=size))[:REQUESTS]]
    await seed_letters(rig, count=letters)
    async with running_api(rig, FACEID_APPS=_two_apps(rig)) as api:
        lookup = await _time(rig, api, "lookup", lookups)
        lists = {
            name: await _time(rig, api, f"list by {name}", [f"/v1/verifications?{urlencode(query)}"])
            for name, query in FILTERS.items()
        }
        page = await _time(rig, api, "dead letters", ["/v1/dead-letters"])
        metrics = await _scrapes(rig, api)
    await empty(rig)
    slowest = max(lists, key=lambda name: lists[name])
    name = f"list of 50 of {size:,}, slowest of {len(lists)} filters"
    return [
        limit(f"lookup of one of {size:,}, one at a time", lookup, "ms"),
        limit(name, lists[slowest], "ms", target=TARGET, note=slowest, rounds=lists),
        limit(f"dead letters page, {letters:,} letters", page, "ms", target=TARGET),
        limit(
            f"/metrics, {letters:,} letters",
            median(metrics),
            "ms",
            target=TARGET,
            note=f"the first {metrics[0]:.0f}",
            rounds={"scrapes": metrics},
        ),
    ]


async def _scrapes(rig: Rig, api: Side) -> list[float]:
    """The time of each of some scrapes, none of which the cache answers."""
    times = []
    for number in range(SCRAPES):
        if number:
            await asyncio.sleep(FRESH_FOR)
        times.append(await _time(rig, api, f"/metrics {number}", ["/metrics"], requests=1))
    return times


async def _time(rig: Rig, api: Side, name: str, paths: Sequence[str], *, requests: int = REQUESTS) -> float:
    """The median of the answers in ms. A new token: the api slows down a caller of many lists."""
    file = rig.folder / "lists"
    write_requests(file, paths, await put_token(rig, name, apps=[APP_ID, SECOND_APP_ID], scopes=SCOPES))
    result = await run_load(api.port, file, Load(connections=1, requests=requests, ready=True))
    if result.refused or result.accepted != requests:
        raise BenchFailed(f"{name}: {result.refused} of {requests} requests were refused")
    show_progress(f"{name}: {result.p50:.1f} ms (p99 {result.p99:.1f} ms)")
    return result.p50


def _two_apps(rig: Rig) -> str:
    """FACEID_APPS with a second app, of another account."""
    apps = json.loads(rig.roles.env["FACEID_APPS"])
    other = {**apps[APP_ID], "api_key": "another key", "api_secrets": ["another secret"]}
    return json.dumps({**apps, SECOND_APP_ID: other})
