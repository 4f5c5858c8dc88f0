"""`demo`: run one verification of every scenario through the whole gateway and check its outcome."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx2
import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.commands.processes.dev import ForeignServers
from cli.output.terminal import create_console
from devstack.preflight import refuse_foreign_servers
from devstack.receiver import WebhookReceiver
from devstack.stack import Stack, StackOptions, remove_data, running_stack

DECISION_PATIENCE: Final = 15


class Expectation(msgspec.Struct, frozen=True):
    """The expected end of a scenario.

    `outcome` None: no verification may appear. `reason`: a code that must be among the reasons. `refused`:
    the ingress's expected HTTP status for the notify. `ordered`: the api gets the token, so that the gateway
    notices a missing callback.
    """

    scenario: str
    outcome: str | None
    reason: str | None = None
    refused: int | None = None
    ordered: bool = False


EXPECTED: Final = (
    Expectation("pass", "approved"),
    Expectation("face_mismatch", "rejected", "face.below_threshold"),
    Expectation("attack", "rejected", "attack.synthetic_face"),
    Expectation("cancelled", "incomplete", "flow.cancelled"),
    Expectation("timeout", "incomplete", "flow.timeout"),
    Expectation("will_fail", "rejected", "will.failed"),
    Expectation("name_mismatch", "rejected", "id.name_mismatch"),
    Expectation("tampered", "review", "confirmation.disagrees"),
    Expectation("result_lost", "review", "confirmation.unavailable"),
    Expectation("silent", "approved", ordered=True),
    Expectation("forged", None, refused=401),
    Expectation("extended", None, refused=400),
)


class Observation(msgspec.Struct, frozen=True):
    """The observed end of a scenario; `answer` is the HTTP status of the notify, None if none was sent.

    `milliseconds`: from the callback to the decision. `webhook_milliseconds`: from the callback until the
    receiver had verified the event. Both are None without a callback. `arrived`: whether it had.
    """

    biz_id: str
    answer: int | None
    outcome: str | None
    reasons: list[str]
    milliseconds: float | None
    arrived: bool = False
    webhook_milliseconds: float | None = None


IMPATIENT: Final = {
    "FACEID_SIMULATOR_TOKEN_LIFE": "2",
    "FACEID_RECONCILE_GRACE": "0",
    "FACEID_SWEEP_EVERY": "1",
}
"""Short-lived tokens and frequent sweeps, so that a missing callback is noticed within seconds."""


def demo_command(foreign_servers: ForeignServers = False) -> None:
    """Run one verification of every scenario and show the outcomes."""
    if not foreign_servers:
        refuse_foreign_servers()
    if not asyncio.run(run_demo(create_console())):
        raise typer.Exit(1)


async def run_demo(console: Console) -> bool:
    """Run every scenario and print the results; True if each is as expected."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-demo-"))
    console.print(
        "Starting the gateway in a temporary folder: PostgreSQL, Valkey, ingress, api, worker, simulator …"
    )
    try:
        options = StackOptions(data_dir=folder, env=IMPATIENT)
        async with running_stack(options) as stack:
            console.print("Running one verification of each scenario …")
            observed = await observe_all(stack)
    finally:
        remove_data(folder)
    wrong = [e.scenario for e, o in zip(EXPECTED, observed, strict=True) if not as_expected(e, o)]
    console.print(table_of(observed))
    if wrong:
        console.print(f"[bold red]Not as expected: {', '.join(wrong)}[/]")
    else:
        console.print(f"[bold green]All {len(EXPECTED)} scenarios ended as expected.[/]")
    return not wrong


async def observe_all(stack: Stack) -> list[Observation]:
    """Run the scenarios one after the other, so that each is timed on an idle system."""
    headers = {"authorization": f"Bearer {stack.secrets.api_token}"}
    async with (
        httpx2.AsyncClient(trust_env=False, headers=headers, timeout=DECISION_PATIENCE + 5) as client,
        _receiving(client, stack) as receiver,
    ):
        return [await _observe(client, stack, receiver, expected) for expected in EXPECTED]


@asynccontextmanager
async def _receiving(client: httpx2.AsyncClient, stack: Stack) -> AsyncIterator[WebhookReceiver]:
    """A receiver of webhooks, and an endpoint of the demo's app that leads to it."""
    async with WebhookReceiver() as receiver:
        wanted = {"app_id": stack.description["app_id"], "url": receiver.url, "types": ["verification.*"]}
        created = await client.post(f"{stack.api_url}/v1/endpoints", json=wanted)
        endpoint = created.raise_for_status().json()
        receiver.secret = endpoint["secret"]
        try:
            yield receiver
        finally:
            await client.delete(f"{stack.api_url}/v1/endpoints/{endpoint['id']}")


def as_expected(expected: Expectation, observed: Observation) -> bool:
    """Whether outcome, reason, the ingress's answer and the webhook are as expected."""
    answer = expected.refused or (None if expected.scenario == "silent" else 200)
    reason_found = expected.reason is None or expected.reason in observed.reasons
    ends_right = observed.outcome == expected.outcome and observed.answer == answer and reason_found
    return ends_right and observed.arrived == (expected.outcome is not None)


async def _observe(
    client: httpx2.AsyncClient, stack: Stack, receiver: WebhookReceiver, expected: Expectation
) -> Observation:
    request = {"app_id": stack.description["app_id"], "scenario": expected.scenario}
    if expected.ordered:
        request["biz_id"] = await _order(client, stack)
    sent = (
        (await client.post(f"{stack.simulator_url}/simulator/verifications", json=request))
        .raise_for_status()
        .json()
    )
    answers = [message["http_status"] for message in sent["sent"] if message["to"] == "notify"]
    # If no verification may appear, a short wait is enough.
    wait = DECISION_PATIENCE if expected.outcome else 0.5
    answer = await client.get(f"{stack.api_url}/v1/verifications/{sent['biz_id']}", params={"wait": wait})
    found: dict[str, Any] = {} if answer.status_code == 404 else answer.raise_for_status().json()
    arrival = await receiver.arrival(sent["biz_id"], patience=wait)
    return Observation(
        biz_id=sent["biz_id"],
        answer=answers[0] if answers else None,
        outcome=found.get("outcome"),
        reasons=[reason["code"] for reason in found.get("reasons", ())],
        milliseconds=_milliseconds(found, found.get("decided_at")),
        arrived=arrival is not None,
        webhook_milliseconds=None if arrival is None else _milliseconds(found, arrival.at.isoformat()),
    )


async def _order(client: httpx2.AsyncClient, stack: Stack) -> str:
    """The biz_id of a verification that the api knows before any callback."""
    order = {"app_id": stack.description["app_id"], "biz_no": uuid4().hex}
    ordered = await client.post(f"{stack.api_url}/v1/verifications", json=order)
    return str(ordered.raise_for_status().json()["biz_id"])


def _milliseconds(verification: dict[str, Any], end: str | None) -> float | None:
    """From the callback to `end`; None if one of them is missing."""
    received = verification.get("received_at")
    if not received or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(received)).total_seconds() * 1000


def table_of(observed: list[Observation]) -> Table:
    """The results, one row per scenario."""
    table = Table(header_style="bold")
    for name in ("biz_id", "scenario", "outcome", "reasons"):
        table.add_column(name, no_wrap=name != "reasons")
    table.add_column("ms", justify="right")
    table.add_column("webhook", justify="right")
    table.add_column("")
    for expected, seen in zip(EXPECTED, observed, strict=True):
        table.add_row(
            seen.biz_id.split("-", 1)[0] + "…",
            expected.scenario,
            seen.outcome or _nothing(seen),
            escape(", ".join(seen.reasons)) or "–",
            "" if seen.milliseconds is None else f"{seen.milliseconds:.0f}",
            _delivery(seen),
            "[green]✓[/]" if as_expected(expected, seen) else "[red]✗[/]",
        )
    return table


def _delivery(seen: Observation) -> str:
    if not seen.arrived:
        return ""
    return "✓" if seen.webhook_milliseconds is None else f"{seen.webhook_milliseconds:.0f}"


def _nothing(seen: Observation) -> str:
    return "nothing" if seen.answer is None else f"refused ({seen.answer})"
