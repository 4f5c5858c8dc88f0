"""What deploy/ ships fits the program: units, proxies and the compose file."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy/systemd").glob("faceid*"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_each_unit(unit: Path, tmp_path: Path) -> None:
    _install(tmp_path)
    name = unit.name.replace("@.", "@8028.")
    if name != unit.name:
        (tmp_path / name).symlink_to(unit.name)
    assert _complaints(tmp_path, name) == []


def _install(folder: Path) -> None:
    for each in UNITS:
        # The program is not installed where tests run.
        text = each.read_text().replace("/opt/faceid-gateway/bin/faceid-gateway", shutil.which("true") or "")
        (folder / each.name).write_text(text)


def _complaints(folder: Path, unit: str) -> list[str]:
    """What systemd says about a unit in this folder."""
    done = subprocess.run(
        ["systemd-analyze", "verify", str(folder / unit)],
        capture_output=True, text=True, check=False, env={"SYSTEMD_UNIT_PATH": f"{folder}:"},
    )  # fmt: skip
    return [line for line in done.stderr.splitlines() if "faceid" in line]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", ["faceid-ingress@8028", "faceid-api", "faceid-migrate"])
def test_systemd_understands_users_for_each_process(name: str, tmp_path: Path) -> None:
    _install(tmp_path)
    dropped = tmp_path / "faceid-.service.d"
    dropped.mkdir()
    shutil.copy(ROOT / "deploy/systemd/own-users.conf", dropped)
    if "@" in name:
        (tmp_path / f"{name}.service").symlink_to("faceid-ingress@.service")
    assert _complaints(tmp_path, f"{name}.service") == []


def test_users_for_each_process_leave_nothing_to_the_common_one() -> None:
    """What the units say about user, group and folder, the drop-in says again."""
    own = (ROOT / "deploy/systemd/own-users.conf").read_text()
    set_by = {name: re.findall(rf"^{name}=(.*)$", own, re.MULTILINE) for name in ("User", "Group")}
    assert set_by == {"User": ["%p"], "Group": ["%p"]}
    assert re.findall(r"^StateDirectory=(.*)$", own, re.MULTILINE) == ["", "%p"]
    assert "faceid-migrate" in own
    guide = (ROOT / "docs/production.md").read_text()
    [processes] = re.findall(r"^for process in (.+); do$", guide, re.MULTILINE)
    services = [each.stem.removesuffix("@") for each in UNITS if each.suffix == ".service"]
    assert {f"faceid-{each}" for each in processes.split()} == set(services)


@pytest.mark.parametrize(
    "unit", [each for each in UNITS if each.suffix == ".service"], ids=lambda each: each.name
)
def test_each_unit_starts_a_command_that_there_is(unit: Path) -> None:
    [command] = re.findall(r"^ExecStart=\S+/faceid-gateway (.+)$", unit.read_text(), re.MULTILINE)
    words = [word.replace("%i", "8028") for word in command.split()]
    role = [word for word in words if not word.startswith("-")][: 2 if words[0] == "serve" else 1]
    helped = subprocess.run(
        [ROOT / ".venv/bin/faceid-gateway", *role, "--help"], capture_output=True, text=True, check=False
    )
    assert helped.returncode == 0
    for option in filter(lambda word: word.startswith("--"), words):
        assert option in helped.stdout


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_both_proxies_forward_callbacks_alone_to_the_ports_of_the_units(file: str) -> None:
    text = (ROOT / "deploy" / file).read_text()
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", text)) == {"8028", "8029"}
    assert "/callbacks/" in text
    assert "404" in text


def test_the_ingress_has_no_database_password(compose: dict[str, Any]) -> None:
    ingress = compose["services"]["ingress"]
    assert "FACEID_DATABASE_URL" not in ingress["environment"]
    assert "data" not in ingress["networks"]


@pytest.mark.parametrize("process", ["ingress", "api", "console", "worker"])
def test_each_process_knows_its_own_password_alone(compose: dict[str, Any], process: str) -> None:
    environment = compose["services"][process]["environment"]
    passwords = {name for name in environment if name.endswith("_PASSWORD")}
    example = (ROOT / ".env.example").read_text()
    assert passwords == set(re.findall(r"^([A-Z]+_PASSWORD)=", example, re.MULTILINE))
    assert {environment[name] for name in passwords} == {""}
    urls = [environment.get("FACEID_REDIS_URL"), environment.get("FACEID_DATABASE_URL")]
    for url in filter(None, urls):
        assert f"faceid_{process}:${{{process.upper()}_PASSWORD" in url


def test_doctor_sees_the_spool_of_the_ingress(compose: dict[str, Any]) -> None:
    doctor, ingress = compose["services"]["doctor"], compose["services"]["ingress"]
    assert doctor["environment"]["FACEID_SPOOL_DIR"] == ingress["environment"]["FACEID_SPOOL_DIR"]
    assert all(volume in doctor["volumes"] for volume in ingress["volumes"])


def test_workers_write_pictures_and_screens_only_read_them(compose: dict[str, Any]) -> None:
    services = compose["services"]
    mounted = {
        name: [each for each in services[name].get("volumes", ()) if "pictures" in str(each)]
        for name in ("ingress", "api", "console", "worker", "doctor")
    }
    where = "pictures:/var/lib/faceid/pictures"
    assert mounted == {
        "ingress": [], "api": [f"{where}:ro"], "console": [f"{where}:ro"],
        "worker": [where], "doctor": [where],
    }  # fmt: skip


def test_a_browser_finds_the_simulator_by_the_name_that_the_containers_use(compose: dict[str, Any]) -> None:
    simulator = compose["services"]["simulator"]
    [alias] = simulator["networks"]["default"]["aliases"]
    assert alias.endswith(".localhost"), "which every browser looks for on its own machine"
    assert simulator["environment"]["FACEID_SIMULATOR_PUBLIC_URL"] == f"http://{alias}:8090"
    assert f'vendor_url = "http://{alias}:8090"' in (ROOT / "deploy/faceid.example.toml").read_text()


def test_every_network_is_declared(compose: dict[str, Any]) -> None:
    used = {name for service in compose["services"].values() for name in service.get("networks", ())}
    assert used <= set(compose["networks"])
