"""TLS to a receiver: the system's certificates or the receiver's CA, and a client certificate."""

import ssl
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory


class BadCertificate(Exception):
    """PEM that OpenSSL cannot use. The message does not quote it."""


@lru_cache(maxsize=256)
def tls_context(ca: str | None, client_certificate: str | None) -> ssl.SSLContext:
    """A context that checks names and certificates; cached by its arguments. Raises BadCertificate."""
    if ca == "":
        # An empty text would mean the system's certificates.
        raise BadCertificate("not a certificate in PEM")
    try:
        context = ssl.create_default_context(cadata=ca)
        if client_certificate is not None:
            _load(context, client_certificate)
    except (ssl.SSLError, ValueError):
        raise BadCertificate("not a certificate in PEM, or not with its key") from None
    return context


def _load(context: ssl.SSLContext, client_certificate: str) -> None:
    # OpenSSL reads a certificate's key from a file only; the folder is this user's alone, for this moment.
    with TemporaryDirectory() as folder:
        file = Path(folder, "client.pem")
        file.touch(mode=0o600)
        file.write_text(client_certificate)
        # An encrypted key would ask for its password at the terminal.
        context.load_cert_chain(file, password=b"")
