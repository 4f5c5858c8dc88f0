"""Receive the gateway's webhooks with Flask: `flask --app flask_receiver run --port 3000`."""

import os

from flask import Flask, request

from faceid_gateway_client import Receiver, WebhookRejected

app = Flask(__name__)
receiver = Receiver(os.environ["FACEID_WEBHOOK_SECRET"].split(","))
approved: set[str] = set()


@app.post("/hook")
def hook() -> tuple[str, int]:
    """Note who is approved."""
    try:
        received = receiver.receive(request.headers, request.get_data())
    except WebhookRejected as rejected:
        return rejected.reason, 401
    event = received.event
    if received.is_news and event.biz_no:
        if event.effective_outcome == "approved":
            approved.add(event.biz_no)
        else:
            approved.discard(event.biz_no)
    receiver.handled(received)
    return "", 204
