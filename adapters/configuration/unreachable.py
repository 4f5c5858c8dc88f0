"""Why a server cannot be reached, in words for an operator.

No message repeats an address, a name or a value of ours or of the server's.
"""

import ssl
from collections.abc import Iterator

from domain.errors import ServerAway


def why_unreachable(error: ServerAway) -> str:
    """The first known cause of `error`, else its kind."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "the server's certificate is not trusted"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "the TLS handshake failed: does the server use TLS on this port?"
    if any(isinstance(cause, ConnectionError) and "SSL" in str(cause) for cause in causes):
        return "the server does not support TLS, which sslmode requires"
    return f"cannot be reached ({error.kind})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    while cause := error.__cause__ or error.__context__:
        yield cause
        error = cause
