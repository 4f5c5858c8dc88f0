"""Parse `FACEID_DATABASE_URL`, in libpq's syntax, to the arguments of asyncpg's `connect`.

Every parameter of libpq (PostgreSQL 18, 32.1.2) is used, or accepted with the only value that asyncpg
supports, or refused by name: a silently ignored one could be `sslmode`.
"""

import os
import ssl
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from adapters.configuration.did_you_mean import hint
from adapters.configuration.urls.url_parts import Host, UrlParts, check_file, read_port, shown, split_url

_SCHEMES: Final = ("postgresql", "postgres", "postgresql+asyncpg")
_PLACE: Final = frozenset({"host", "port", "dbname", "user", "password"})
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_VERIFYING: Final = frozenset({"verify-ca", "verify-full"})
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "sslmode": _MODES,
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    "ssl_max_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    "gsslib": ("gssapi", "sspi"),
    # The gateway writes, so it cannot use a standby.
    "target_session_attrs": ("any", "primary", "read-write"),
}
_FILES: Final = frozenset({"sslcert", "sslkey", "sslrootcert", "sslcrl", "passfile"})
_FREE: Final = frozenset(
    {"sslpassword", "krbsrvname", "application_name", "fallback_application_name", "options"}
)
_NUMBERS: Final = frozenset({"connect_timeout", "statement_cache_size", "prepared_statement_cache_size"})
_ONE_VALUE: Final[dict[str, tuple[str, ...]]] = {
    "channel_binding": ("prefer", "disable"),
    "client_encoding": ("utf8", "UTF8", "utf-8", "UTF-8", "auto"),
    "gssencmode": ("disable", "prefer"),
    "keepalives": ("1",),
    "load_balance_hosts": ("disable",),
    "replication": ("false", "off", "no", "0"),
    "sslcertmode": ("allow",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
}
"""Parameters that asyncpg does not have, with the values that match its behaviour."""

_VARIABLES: Final = {
    "PGAPPNAME": "application_name",
    "PGCHANNELBINDING": "channel_binding",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGGSSENCMODE": "gssencmode",
    "PGOPTIONS": "options",
    "PGPASSFILE": "passfile",
    "PGSSLCERT": "sslcert",
    "PGSSLCRL": "sslcrl",
    "PGSSLKEY": "sslkey",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMODE": "sslmode",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLROOTCERT": "sslrootcert",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
}
"""asyncpg itself reads the user and the server (PGHOST, PGUSER …) from the environment."""

_FOR_ASYNCPG: Final = frozenset(
    {
        "sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl",
        "ssl_min_protocol_version", "ssl_max_protocol_version",
    }
)  # fmt: skip
"""Parameters that asyncpg takes only from a DSN."""

_KNOWN: Final = frozenset({*_PLACE, *_CHOICES, *_FILES, *_FREE, *_NUMBERS, *_ONE_VALUE, "ssl"})


def read_database_url(text: str) -> dict[str, Any]:
    """The arguments of `asyncpg.connect`, including the password.

    Raises:
        ValueError: the problem, without any part of the URL except the names of parameters.
    """
    parts = split_url(text, schemes=_SCHEMES)
    given = _renamed(parts.parameters)
    for name, value in given.items():
        _check(name, value)
    given = _from_environment(given) | given
    return _place(parts, given) | _security(given) | _session(given)


def _renamed(given: dict[str, str]) -> dict[str, str]:
    """SQLAlchemy's `ssl` means `sslmode`; JDBC's `ssl=true` means `require` in libpq."""
    if "ssl" not in given:
        return given
    if "sslmode" in given:
        raise ValueError("has both ssl and sslmode")
    mode = {"true": "require", "false": "disable"}.get(given["ssl"], given["ssl"])
    return {name: value for name, value in given.items() if name != "ssl"} | {"sslmode": mode}


def _from_environment(given: dict[str, str]) -> dict[str, str]:
    """The parameters from libpq's variables that the URL lacks (32.15)."""
    found = {
        name: os.environ[variable]
        for variable, name in _VARIABLES.items()
        if os.environ.get(variable) and name not in given
    }
    if not (os.environ.get("PGPORT") or "5432").isdecimal():
        raise ValueError("port must be a whole number (from PGPORT)")
    for variable, name in _VARIABLES.items():
        if name in found:
            try:
                _check(name, found[name])
            except ValueError as error:
                raise ValueError(f"{error} (from {variable})") from None
    return found


def _check(name: str, value: str) -> None:
    if name not in _KNOWN:
        raise ValueError(f"{shown(name)} is not known{hint(name, _KNOWN)}")
    choices = _CHOICES.get(name) or _ONE_VALUE.get(name)
    if choices and value not in choices:
        why = "" if name in _CHOICES else ": asyncpg, the driver, does nothing else"
        raise ValueError(f"{name} must be {' or '.join(choices)}{why}")
    if name in _FILES and not (name == "sslrootcert" and value == "system"):
        check_file(name, value)
    if name == "passfile" and Path(value).stat().st_mode & 0o077:
        raise ValueError("passfile names a file that others may read: chmod 600")
    if name in _NUMBERS and not (value.isascii() and value.isdecimal() and len(value) < 6):
        raise ValueError(f"{name} must be a whole number")


def _place(parts: UrlParts, given: dict[str, str]) -> dict[str, Any]:
    """Server and user; a parameter overrides the same part of the URL, as in libpq."""
    hosts = _hosts(parts, given)
    usual = os.environ.get("PGPORT") or "5432"
    database = given.get("dbname") or parts.path.removeprefix("/")
    if "/" in database:
        raise ValueError("the name of the database holds a /")
    found = {
        "user": given.get("user") or parts.user,
        "password": given.get("password") or parts.password,
        "database": database or None,
        "host": [host.name for host in hosts] or None,
        "port": [host.port or int(usual) for host in hosts] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _hosts(parts: UrlParts, given: dict[str, str]) -> list[Host]:
    names = given["host"].split(",") if given.get("host") else [host.name for host in parts.hosts]
    ports: list[int | None] = (
        [read_port(port) for port in given["port"].split(",")] if given.get("port") else []
    )
    if not ports:
        ports = [host.port for host in parts.hosts] if len(parts.hosts) == len(names) else [None]
    if len(ports) == 1:
        ports *= len(names)
    if len(ports) != len(names) or not all(names):
        raise ValueError("must name as many ports as hosts, or one")
    return [Host(name, port) for name, port in zip(names, ports, strict=True)]


def _security(given: dict[str, str]) -> dict[str, Any]:
    """TLS and the password file. Raises ValueError if the files of TLS cannot be used."""
    wanted = {name: value for name, value in given.items() if name in _FOR_ASYNCPG}
    found: dict[str, Any] = {"passfile": given["passfile"]} if "passfile" in given else {}
    if given.get("sslrootcert") == "system":
        return found | {"ssl": _system_context(given)}
    _check_authority(given)
    return found | ({"dsn": f"postgresql://?{urlencode(wanted, quote_via=quote)}"} if wanted else {})


def _check_authority(given: dict[str, str]) -> None:
    authority = given.get("sslrootcert")
    if authority is None and given.get("sslmode") in _VERIFYING:
        if not Path("~/.postgresql/root.crt").expanduser().exists():
            raise ValueError(
                f"sslmode={given['sslmode']} needs sslrootcert: a file of certificates, or system"
            )
        return
    if authority:
        _load("sslrootcert", lambda context: context.load_verify_locations(cafile=authority))
    if "sslcert" in given:
        _load("sslcert", lambda context: _load_client(context, given))


def _system_context(given: dict[str, str]) -> ssl.SSLContext:
    """A context with the system's authorities; as in libpq, it always checks the host name."""
    if given.get("sslmode", "verify-full") != "verify-full":
        raise ValueError("sslrootcert=system needs sslmode=verify-full")
    if others := sorted(set(given) & {"sslcrl", "sslnegotiation", *_VERSIONS}):
        raise ValueError(f"{others[0]} does not go with sslrootcert=system")
    context = ssl.create_default_context()
    if "sslcert" in given:
        try:
            _load_client(context, given)
        except OSError:
            raise ValueError("sslcert and sslkey are no certificate with its key") from None
    return context


def _load(name: str, load: Any) -> None:
    try:
        load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    except OSError:
        raise ValueError(f"{name} names a file that TLS cannot be made with") from None


def _load_client(context: ssl.SSLContext, given: dict[str, str]) -> None:
    context.load_cert_chain(given["sslcert"], given.get("sslkey"), lambda: given.get("sslpassword", ""))


def _session(given: dict[str, str]) -> dict[str, Any]:
    application = given.get("application_name") or given.get("fallback_application_name")
    settings = {"application_name": application, "options": given.get("options")}
    server_settings = {name: value for name, value in settings.items() if value}
    found: dict[str, Any] = {"server_settings": server_settings} if server_settings else {}
    if "connect_timeout" in given:
        if not int(given["connect_timeout"]):
            raise ValueError("connect_timeout must be 1 or more: nothing here waits for ever")
        found["timeout"] = int(given["connect_timeout"])
    found |= {name: int(given[name]) for name in _NUMBERS - {"connect_timeout"} if name in given}
    passed = ("target_session_attrs", "krbsrvname", "gsslib")
    return found | {name: given[name] for name in passed if name in given}


_VERSIONS: Final = ("ssl_min_protocol_version", "ssl_max_protocol_version")
