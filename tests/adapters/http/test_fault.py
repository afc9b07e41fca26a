"""fault: every exception that asking can raise has a kind and words, and none says more of a URL than its host."""

import errno
import socket
import ssl

import pytest

from monitor.adapters.guard import Blocked
from monitor.adapters.http.fault import FAULTS, AnswerError, HungUpError, Kind, ProxyError, explain


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "what OpenSSL says")
    error.reason = reason
    return error


def invalid(message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "what OpenSSL says")
    error.verify_message = message
    return error


def of_proxy(cause: Exception) -> ProxyError:
    error = ProxyError()
    error.__cause__ = cause
    return error


NETWORK = Kind.NETWORK_ERROR
MEANINGS: dict[str, tuple[Exception, Kind, str]] = {
    "the guard": (Blocked("10.0.0.1 is a private address"), Kind.BLOCKED, "10.0.0.1 is a private address"),
    "no such name": (socket.gaierror(socket.EAI_NONAME, "?"), NETWORK, "the host name is not known"),
    "no name server": (socket.gaierror(socket.EAI_AGAIN, "?"), NETWORK, "no answer from DNS"),
    "refused": (ConnectionRefusedError(errno.ECONNREFUSED, "?"), NETWORK, "the connection was refused"),
    "reset": (ConnectionResetError(errno.ECONNRESET, "?"), NETWORK, "the server cut the connection"),
    "a broken pipe": (BrokenPipeError(errno.EPIPE, "?"), NETWORK, "the server cut the connection"),
    "aborted": (ConnectionAbortedError(), NETWORK, "the server cut the connection"),
    "hung up": (HungUpError(), NETWORK, "the server cut the connection"),
    "no route": (OSError(errno.EHOSTUNREACH, "?"), NETWORK, "the host cannot be reached"),
    "no network": (OSError(errno.ENETUNREACH, "?"), NETWORK, "the host cannot be reached"),
    "no thread": (OSError(errno.EAGAIN, "no more threads"), NETWORK, "no more threads"),
    "no descriptor": (OSError(errno.EMFILE, "?"), NETWORK, "the connection failed"),
    "several addresses, several reasons": (OSError("Multiple exceptions: a, b"), NETWORK, "the connection failed"),
    "a host that TLS cannot ask for": (ValueError("?"), NETWORK, "the connection failed"),
    "a host that IDNA cannot encode": (UnicodeError("?"), NETWORK, "the connection failed"),
    "the answer": (AnswerError("the answer ends too early"), NETWORK, "the answer ends too early"),
    "the network gave up": (TimeoutError(errno.ETIMEDOUT, "?"), Kind.TIMEOUT, "the connection timed out"),
    "a certificate": (invalid("certificate has expired"), Kind.TLS_ERROR, "the certificate is not valid: certificate has expired"),
    "TLS": (tls("WRONG_VERSION_NUMBER"), Kind.TLS_ERROR, "no secure connection: wrong version number"),
    "TLS that says nothing": (tls(""), Kind.TLS_ERROR, "no secure connection: no agreement"),
    "the proxy refused": (of_proxy(ConnectionRefusedError()), NETWORK, "of the proxy: the connection was refused"),
    "the proxy's time": (of_proxy(TimeoutError()), Kind.TIMEOUT, "of the proxy: the connection timed out"),
    "the proxy may not be dialled": (of_proxy(Blocked("it is newsmon itself")), Kind.BLOCKED, "it is newsmon itself"),
}  # fmt: skip


@pytest.mark.parametrize(("error", "kind", "detail"), MEANINGS.values(), ids=MEANINGS)
def test_what_it_means(error: Exception, kind: Kind, detail: str) -> None:
    fault = explain(error)
    assert isinstance(error, FAULTS)
    assert (fault.kind, fault.detail) == (kind, detail)
