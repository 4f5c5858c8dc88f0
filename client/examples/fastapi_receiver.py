"""Receive the gateway's webhooks with FastAPI: `uvicorn fastapi_receiver:app --port 3000`."""

import os

from fastapi import FastAPI, Request, Response

from faceid_gateway_client import Receiver, WebhookRejected

app = FastAPI()
receiver = Receiver(os.environ["FACEID_WEBHOOK_SECRET"].split(","))
approved: set[str] = set()


@app.post("/hook")
async def hook(request: Request) -> Response:
    """Note who is approved."""
    try:
        received = receiver.receive(request.headers, await request.body())
    except WebhookRejected as rejected:
        return Response(rejected.reason, status_code=401)
    event = received.event
    if received.is_news and event.biz_no:
        if event.effective_outcome == "approved":
            approved.add(event.biz_no)
        else:
            approved.discard(event.biz_no)
    receiver.handled(received)
    return Response(status_code=204)
