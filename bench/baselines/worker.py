"""The naive worker: one arq job per callback: parse, ask the vendor, compare, insert. As in the manuals.

A good engineer's straightforward version: one shared httpx client and one asyncpg pool for the process,
one INSERT per decision, idempotent; arq with its defaults, run by arq's own command
(`arq bench.baselines.worker.WorkerSettings`). It keeps the callback as it came, but neither the result nor
a count of the calls, and encrypts nothing.
"""

import json
import os
from typing import Any

import asyncpg
import httpx
from arq.connections import RedisSettings

SCHEMA = """
CREATE TABLE IF NOT EXISTS naive_decisions (
  biz_id text PRIMARY KEY,
  app_id text NOT NULL,
  outcome text NOT NULL,
  confidence double precision,
  callback jsonb NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now()
)
"""
INSERT = """
INSERT INTO naive_decisions (biz_id, app_id, outcome, confidence, callback) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (biz_id) DO NOTHING
"""
GET_RESULT = os.environ["BENCH_VENDOR_URL"] + "/faceid/lite/get_result"
CREDENTIALS = {"api_key": os.environ["BENCH_API_KEY"], "api_secret": os.environ["BENCH_API_SECRET"]}


async def startup(ctx: dict[str, Any]) -> None:
    """The process's client, pool and table."""
    ctx["http"] = httpx.AsyncClient(timeout=10)
    ctx["db"] = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"])
    await ctx["db"].execute(SCHEMA)


async def shutdown(ctx: dict[str, Any]) -> None:
    """Close them."""
    await ctx["http"].aclose()
    await ctx["db"].close()


async def process_callback(ctx: dict[str, Any], app_id: str, data: str) -> None:
    """From callback to decision."""
    biz_id = json.loads(data)["biz_info"]["biz_id"]
    response = await ctx["http"].get(GET_RESULT, params={**CREDENTIALS, "biz_id": biz_id})
    response.raise_for_status()
    outcome, confidence = decide(response.json())
    await ctx["db"].execute(INSERT, biz_id, app_id, outcome, confidence, data)


def decide(result: dict[str, Any]) -> tuple[str, float | None]:
    """Alive and the same person at 1e-5, as the vendor's page recommends."""
    if result["status"] != "OK" or result["liveness_result"]["result"] != "PASS":
        return "rejected", None
    face = result["verify_result"].get("result_faceid")
    if face is None:
        return "review", None
    approved = face["confidence"] >= face["thresholds"]["1e-5"]
    return "approved" if approved else "rejected", face["confidence"]


class WorkerSettings:
    """arq's defaults but for `max_jobs`, of which the better of two is taken."""

    functions = (process_callback,)
    on_startup = startup
    on_shutdown = shutdown
    redis_settings = RedisSettings.from_dsn(os.environ["BENCH_REDIS_URL"])
    max_jobs = int(os.environ.get("BENCH_MAX_JOBS", "10"))
