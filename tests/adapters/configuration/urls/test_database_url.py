"""Every parameter of libpq is used, or refused by name; no message quotes the URL."""

from pathlib import Path
from typing import Any

import pytest

from adapters.configuration.urls.database_url import read_database_url
from adapters.postgres.engine import create_engine
from domain.errors import SettingsError

PLACE = {"host": ["h"], "port": [5432], "user": "u", "password": "p", "database": "d"}
P = "postgresql://u:p@h/d?"
Q = "postgresql://u:S3CRETa@h/d?"
SYSTEM = "sslmode=verify-full&sslrootcert=system"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "PostgreSQL"])
def test_every_usual_spelling(scheme: str) -> None:
    assert read_database_url(f"{scheme}://u:p@h/d") == PLACE


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("postgresql://", {}),
        ("postgresql:///d", {"database": "d"}),
        ("postgresql://u@/d?host=/run/s", {"user": "u", "database": "d", "host": ["/run/s"], "port": [5432]}),
        ("postgresql://%2Frun%2Fsockets/d", {"database": "d", "host": ["/run/sockets"], "port": [5432]}),
        ("postgresql://u:a@b:c@h/d", PLACE | {"password": "a@b:c"}),
        ("postgresql://u:%2F%23%3F%40%25@h/d", PLACE | {"password": "/#?@%"}),
        ("postgresql://a:1,b:2,[::1]/d", {"host": ["a", "b", "::1"], "port": [1, 2, 5432], "database": "d"}),
        ("postgresql:///d?host=h1,h2&port=7", {"host": ["h1", "h2"], "port": [7, 7], "database": "d"}),
        ("postgresql:///d?host=h1,h2&port=7,8", {"host": ["h1", "h2"], "port": [7, 8], "database": "d"}),
        ("postgresql://x:y@z/w?host=h&user=u&password=p&dbname=d", PLACE),
        (P + "application_name=gw", PLACE | {"server_settings": {"application_name": "gw"}}),
        (P + "fallback_application_name=gw", PLACE | {"server_settings": {"application_name": "gw"}}),
        (P + "options=-c%20search_path%3Dx", PLACE | {"server_settings": {"options": "-c search_path=x"}}),
        (P + "connect_timeout=7", PLACE | {"timeout": 7}),
        (P + "target_session_attrs=read-write", PLACE | {"target_session_attrs": "read-write"}),
        (P + "statement_cache_size=0", PLACE | {"statement_cache_size": 0}),
        (P + "channel_binding=prefer&gssencmode=disable&client_encoding=utf8", PLACE),
        (P + "sslmode=require", PLACE | {"dsn": "postgresql://?sslmode=require"}),
        (P + "ssl=require", PLACE | {"dsn": "postgresql://?sslmode=require"}),
        (P + "ssl=true", PLACE | {"dsn": "postgresql://?sslmode=require"}),
        (
            P + "sslmode=prefer&ssl_min_protocol_version=TLSv1.3",
            PLACE | {"dsn": "postgresql://?sslmode=prefer&ssl_min_protocol_version=TLSv1.3"},
        ),
    ],
)  # fmt: skip
def test_what_a_url_means(url: str, arguments: dict[str, Any]) -> None:
    assert read_database_url(url) == arguments


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_every_mode_that_checks_nothing_is_handed_on(mode: str) -> None:
    assert read_database_url(f"{P}sslmode={mode}")["dsn"] == f"postgresql://?sslmode={mode}"


def test_the_authorities_of_the_system_compare_the_host() -> None:
    context = read_database_url(f"{P}{SYSTEM}")["ssl"]
    assert context.check_hostname


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "must not be empty"),
        ("S3CRETa", "must begin with postgresql://"),
        ("mysql://u:S3CRETa@h/d", "must begin with postgresql://"),
        ("postgresql+psycopg2://u:S3CRETa@h/d", "must begin with postgresql://"),
        ("sqlite:///S3CRETa", "must begin with postgresql://"),
        ("'postgresql://u:S3CRETa@h/d'", "begins with a quotation mark"),
        ("postgresql://u:S3CRETa@h/d\r", "ends in a carriage return (U+000D)"),
        ("postgresql://u:S3CRETa/S3CRETb@h:1/d", "%2F"),
        ("postgresql://u:S3CRETa#S3CRETb@h:1/d", "%23"),
        ("postgresql://u:S3CRETa?S3CRETb@h:1/d", "%3F"),
        ("postgresql://u:S3CRETa@h:S3CRETb/d", "no port from 1 to 65535"),
        ("postgresql://u:S3CRETa@h:1:2/d", "no port from 1 to 65535"),
        ("postgresql://u:S3CRETa@[::x]/d", "no IPv6 address"),
        ("postgresql://u:S3CRETa@h one/d", "names no host"),
        ("postgresql://u:S3CRETa@h/d/e", "the name of the database holds a /"),
        ("postgresql://u:S3CRETa@h/", None),
        ("postgresql:///d?host=a,b,c&port=1,2", "as many ports as hosts"),
        ("postgresql:///d?host=a,,c", "as many ports as hosts"),
        (Q + "port=S3CRETb", "no port"),
        (Q + "sslmode=S3CRETb", "sslmode must be disable or allow or prefer"),
        (Q + "sslmode=require&ssl=require", "ssl and sslmode"),
        (Q + "sslmode=verify-full", "sslmode=verify-full needs sslrootcert"),
        (Q + "sslmode=verify-ca", "sslmode=verify-ca needs sslrootcert"),
        (Q + "sslmode=verify-ca&sslrootcert=/S3CRETb", "sslrootcert names a file"),
        (Q + "sslmode=verify-ca&sslrootcert=/proc/self/environ", "a file that TLS"),
        (Q + "sslrootcert=system&sslmode=require", "needs sslmode=verify-full"),
        (f"{Q}{SYSTEM}&sslcrl=/dev/null", "sslcrl does not go with sslrootcert=system"),
        (Q + "sslcert=/S3CRETb", "sslcert names a file that cannot"),
        (Q + "sslcert=/dev/null&sslkey=/dev/null", "sslcert names a file that TLS"),
        (Q + "passfile=/S3CRETb", "passfile names a file that cannot"),
        (Q + "passfile=/etc/passwd", "passfile names a file that others may read"),
        (Q + "channel_binding=require", "must be prefer or disable: asyncpg"),
        (Q + "gssencmode=require", "gssencmode must be disable or prefer: asyncpg"),
        (Q + "client_encoding=latin1", "client_encoding must be"),
        (Q + "target_session_attrs=standby", "target_session_attrs must be any or"),
        (Q + "connect_timeout=S3CRETb", "connect_timeout must be a whole number"),
        (Q + "connect_timeout=0", "connect_timeout must be 1 or more"),
        (Q + "aplication_name=x", "did you mean application_name?"),
        (Q + "statement_timeout=5", "statement_timeout is not known"),
        (Q + "service=S3CRETb", "service is not known"),
        (Q + "S3CRETb", "not NAME=VALUE"),
        (Q + "x=1&x=2", "x occurs twice"),
        (Q + "S3CRET-b=1", "a parameter is not known"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_without_any_part_of_the_url(
    url: str, why: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if why is None:
        assert create_engine(url)
        return
    with pytest.raises(SettingsError) as caught:
        create_engine(url)
    shown = str(caught.value)
    assert shown.startswith("FACEID_DATABASE_URL: ")
    assert why in shown
    assert "S3CRET" not in shown
    assert "\n" not in shown
    assert caught.value.__suppress_context__


def test_libpqs_variables_fill_in_what_the_url_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    monkeypatch.setenv("PGAPPNAME", "from a variable")
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "primary")
    found = read_database_url(P + "application_name=gw")
    assert found["dsn"] == "postgresql://?sslmode=require"
    assert found["server_settings"] == {"application_name": "gw"}
    assert found["target_session_attrs"] == "primary"
    monkeypatch.setenv("PGPORT", "7")
    assert read_database_url("postgresql://a,b:8/d")["port"] == [7, 8]


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        ("PGTARGETSESSIONATTRS", "target_session_attrs must be any or primary or read-write (from PGTARG"),
        ("PGSSLMODE", "(from PGSSLMODE)"),
        ("PGCHANNELBINDING", "(from PGCHANNELBINDING)"),
        ("PGCONNECT_TIMEOUT", "connect_timeout must be a whole number (from PGCONNECT_TIMEOUT)"),
        ("PGPORT", "port must be a whole number (from PGPORT)"),
        ("PGSSLROOTCERT", "sslrootcert names a file that cannot be read"),
    ],
)
def test_a_wrong_variable_of_libpq_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, why: str) -> None:
    monkeypatch.setenv(variable, "S3CRETb")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its message is what is tested
        read_database_url(P)
    assert why in str(caught.value)
    assert "S3CRET" not in str(caught.value)
