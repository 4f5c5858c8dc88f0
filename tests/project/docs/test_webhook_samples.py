"""The samples of docs/webhooks.md verify webhooks; each runs where its language is installed."""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from faceid_gateway_client import Webhook, verify_webhook

from domain.events.bodies import thin
from domain.events.catalogue import CATALOGUE
from domain.events.event import EventType
from domain.events.webhooks.schedule import SCHEDULE
from domain.events.webhooks.signing import new_secret, sign_standard
from service.api.models.endpoints import NewEndpoint
from tests.support.project.pages import DOCS, blocks

PAGE = DOCS / "webhooks.md"
OLD, NEW, OTHER = (new_secret(each * 32) for each in (b"o", b"n", b"x"))
BODY = '{"type": "verification.approved", "biz_no": "订单"}'.encode()


@dataclass(frozen=True)
class Case:
    """A request, and whether it is genuine."""

    name: str
    headers: Mapping[str, str]
    genuine: bool
    body: bytes = BODY
    secrets: list[str] = field(default_factory=lambda: [NEW])


def signed(*secrets: str, ago: timedelta = timedelta(0)) -> dict[str, str]:
    at = datetime.now(UTC) - ago
    return dict(sign_standard(BODY, event_id="e1", at=at, secrets=secrets).headers)


def without(name: str) -> dict[str, str]:
    return {header: value for header, value in signed(NEW).items() if header != name}


def cases() -> list[Case]:
    right = Case("right", signed(NEW), genuine=True)
    wrong = replace(right, genuine=False)
    return [
        right,
        replace(right, name="two_signatures", headers=signed(NEW, OLD)),
        replace(right, name="second_signature", headers=signed(OLD, NEW)),
        replace(right, name="second_secret", secrets=[OTHER, NEW]),
        replace(wrong, name="other_secret", secrets=[OTHER]),
        replace(wrong, name="other_body", body=BODY + b" "),
        replace(wrong, name="other_id", headers=signed(NEW) | {"webhook-id": "e2"}),
        replace(wrong, name="old", headers=signed(NEW, ago=timedelta(minutes=6))),
        replace(wrong, name="early", headers=signed(NEW, ago=timedelta(minutes=-6))),
        replace(wrong, name="no_number", headers=signed(NEW) | {"webhook-timestamp": "now"}),
        replace(wrong, name="no_id", headers=without("webhook-id")),
        replace(wrong, name="no_timestamp", headers=without("webhook-timestamp")),
        replace(wrong, name="no_signature", headers=without("webhook-signature")),
        replace(wrong, name="garbage", headers=signed(NEW) | {"webhook-signature": "v1, v1,!!! x"}),
    ]


def as_json() -> str:
    rows: list[dict[str, Any]] = [
        {"headers": each.headers, "body": base64.b64encode(each.body).decode(), "secrets": each.secrets}
        for each in cases()
    ]
    return json.dumps(rows)


def ran(*argv: str, folder: Path, given: str = "") -> str:
    """What a program prints. Fails with its errors."""
    done = subprocess.run(argv, cwd=folder, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_languages_show_the_same_samples() -> None:
    for language in ("json", "sh", "python", "java", "go", "js", "php"):
        assert blocks(PAGE, language) == blocks(DOCS / "webhooks.zh.md", language)


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def only(language: str) -> str:
    [block] = blocks(PAGE, language)
    return block


EXPECTED = [each.genuine for each in cases()]


def test_the_page_shows_the_schedule() -> None:
    [shown] = re.findall(r"next ones follow after (.*), each up to", PAGE.read_text("utf-8"))
    units = {"s": 1, "min": 60, "h": 3600}
    pauses = [(int(number), units[unit]) for number, unit in re.findall(r"(\d+) (\w+)", shown)]
    assert [number * unit for number, unit in pauses] == [each.total_seconds() for each in SCHEDULE]


def test_the_page_shows_an_event_as_it_is() -> None:
    shown = json.loads(only("json"))
    event = thin(CATALOGUE[EventType.REJECTED].example)
    assert list(shown) == list(event)
    assert list(shown["policy"]) == list(event["policy"])


@pytest.mark.parametrize("page", ["webhooks.md", "webhooks.zh.md"])
def test_the_page_names_every_setting_of_an_endpoint(page: str) -> None:
    rows = re.findall(r"^\| (`.*?) \| .* \| .* \|$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(NewEndpoint.model_fields) - {"app_id", "url"}


def test_the_python_sample_tells_genuine_ones() -> None:
    names: dict[str, Any] = {}
    exec(only("python"), names)
    assert [names["is_genuine"](each.headers, each.body, each.secrets) for each in cases()] == EXPECTED


def test_the_node_sample_tells_genuine_ones(tmp_path: Path) -> None:
    node = needed("node")
    driver = """
const rows = JSON.parse(require("node:fs").readFileSync(0));
const told = rows.map((row) => isGenuine(row.headers, Buffer.from(row.body, "base64"), row.secrets));
console.log(JSON.stringify(told));
"""
    (tmp_path / "sample.js").write_text(only("js") + driver)
    assert json.loads(ran(node, "sample.js", folder=tmp_path, given=as_json())) == EXPECTED


def test_the_php_sample_tells_genuine_ones(tmp_path: Path) -> None:
    php = needed("php")
    driver = """
$rows = json_decode(stream_get_contents(STDIN), true);
$told = fn ($row) => is_genuine($row['headers'], base64_decode($row['body']), $row['secrets']);
echo json_encode(array_map($told, $rows));
"""
    (tmp_path / "sample.php").write_text("<?php\n" + only("php") + driver)
    assert json.loads(ran(php, "sample.php", folder=tmp_path, given=as_json())) == EXPECTED


def test_the_go_sample_tells_genuine_ones(tmp_path: Path) -> None:
    go = needed("go")
    driver = """package webhooks

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
)

func TestCases(t *testing.T) {
	var rows []struct {
		Headers map[string]string
		Body    []byte
		Secrets []string
		Genuine bool
	}
	file, _ := os.Open("cases.json")
	if err := json.NewDecoder(file).Decode(&rows); err != nil {
		t.Fatal(err)
	}
	for at, row := range rows {
		headers := http.Header{}
		for name, value := range row.Headers {
			headers.Set(name, value)
		}
		if IsGenuine(headers, row.Body, row.Secrets) != row.Genuine {
			t.Errorf("case %d", at)
		}
	}
}
"""
    rows = json.loads(as_json())
    told = [row | {"genuine": genuine} for row, genuine in zip(rows, EXPECTED, strict=True)]
    (tmp_path / "cases.json").write_text(json.dumps(told))
    (tmp_path / "webhooks.go").write_text(only("go"))
    (tmp_path / "webhooks_test.go").write_text(driver)
    (tmp_path / "go.mod").write_text("module webhooks\n\ngo 1.21\n")
    ran(go, "test", "./...", folder=tmp_path)


def test_the_java_sample_tells_genuine_ones(tmp_path: Path) -> None:
    javac, java = needed("javac"), needed("java")
    driver = """
import java.util.Base64;
import java.util.List;
import java.util.Scanner;

public class Cases {
    public static void main(String[] args) throws Exception {
        for (Scanner lines = new Scanner(System.in); lines.hasNextLine();) {
            String[] row = lines.nextLine().split("\\t", -1);
            byte[] body = Base64.getDecoder().decode(row[3]);
            List<String> secrets = List.of(row[4].split(" "));
            String id = given(row[0]), timestamp = given(row[1]), signatures = given(row[2]);
            System.out.println(WebhookReceiver.isGenuine(id, timestamp, signatures, body, secrets));
        }
    }

    private static String given(String text) {
        return text.equals("-") ? null : text;
    }
}
"""
    (tmp_path / "WebhookReceiver.java").write_text(only("java"))
    (tmp_path / "Cases.java").write_text(driver)
    ran(javac, "-encoding", "UTF-8", "-Xlint:all", "-Werror", "Cases.java", folder=tmp_path)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    rows = [
        [
            *(each.headers.get(name, "-") for name in names),
            base64.b64encode(each.body).decode(),
            " ".join(each.secrets),
        ]
        for each in cases()
    ]
    told = ran(java, "Cases", folder=tmp_path, given="\n".join("\t".join(row) for row in rows))
    assert [line == "true" for line in told.splitlines()] == EXPECTED


def send_by_curl(receiver: str, secret: str, folder: Path) -> str:
    [sample] = [each for each in blocks(PAGE, "sh") if "openssl" in each]
    env = os.environ | {"SECRET": secret, "RECEIVER": receiver}
    done = subprocess.run(
        ["bash", "-c", sample], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() + done.stderr


def test_what_curl_sends_is_genuine(tmp_path: Path) -> None:
    needed("openssl")
    needed("curl")
    taken: list[Webhook] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.append(verify_webhook(dict(self.headers), body, NEW))
            self.send_response(204)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        serving = Thread(target=server.handle_request)
        serving.start()
        assert send_by_curl(f"http://127.0.0.1:{server.server_port}/hook", NEW, tmp_path) == "204"
        serving.join()
    assert [each.payload for each in taken] == [{"type": "endpoint.test"}]


def test_the_java_receiver_takes_what_curl_sends(tmp_path: Path) -> None:
    java = needed("java")
    needed("openssl")
    needed("curl")
    (tmp_path / "WebhookReceiver.java").write_text(only("java"))
    argv = [java, "WebhookReceiver.java", "0", NEW]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().rsplit(" ", 1)[-1].strip()
            url = f"http://127.0.0.1:{port}/hook"
            assert send_by_curl(url, OTHER, tmp_path) == "401"
            assert send_by_curl(url, NEW, tmp_path) == "204"
            assert process.stdout.readline() == '{"type": "endpoint.test"}\n'
        finally:
            process.terminate()
