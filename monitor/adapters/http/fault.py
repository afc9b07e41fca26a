"""fault: an exception of asking in, what it means out: a kind, and words for a person."""

import errno
import socket
import ssl
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.adapters.guard import Blocked


class Kind(StrEnum):
    """What went wrong where there was no answer: words that polls and deliveries share."""

    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    TLS_ERROR = "tls_error"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there was no answer; `detail` is for a person and holds nothing of the URL but its host."""

    kind: Kind
    detail: str
    stayed: bool = False  # nothing left this machine: no route leads out, or no name server answers


class AnswerError(Exception):
    """What came is no answer that can be used. Its text is for a person."""


class HungUpError(ConnectionError):
    """The connection ended before any byte of the answer came."""


class ProxyError(Exception):
    """The proxy could not be reached, or did not answer; why is its cause."""


# What a server or the network can cause: ValueError is how ssl and the codecs refuse a host name.
FAULTS = (OSError, AnswerError, ProxyError, ValueError)

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


def explain(error: BaseException) -> Fault:
    """What an exception of `FAULTS` means."""
    if isinstance(error, Blocked):
        return Fault(kind=Kind.BLOCKED, detail=str(error))
    if isinstance(error, ProxyError) and error.__cause__ is not None:
        fault = explain(error.__cause__)
        return fault if fault.kind is Kind.BLOCKED else replace(fault, detail=f"of the proxy: {fault.detail}")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault(kind=Kind.TLS_ERROR, detail=f"the certificate is not valid: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "no agreement").lower().replace("_", " ")
        return Fault(kind=Kind.TLS_ERROR, detail=f"no secure connection: {reason}")
    if isinstance(error, TimeoutError):
        return Fault(kind=Kind.TIMEOUT, detail="the connection timed out")
    return Fault(kind=Kind.NETWORK_ERROR, detail=_network(error), stayed=_stayed(error))


def _stayed(error: BaseException) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    return isinstance(error, OSError) and error.errno in _NO_ROUTE


def _network(error: BaseException) -> str:  # noqa: PLR0911  one line a case
    if isinstance(error, AnswerError):
        return str(error)
    if isinstance(error, socket.gaierror):
        return "no answer from DNS" if error.errno == socket.EAI_AGAIN else "the host name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "the server cut the connection"
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return "the host cannot be reached"
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        return str(error.strerror)
    return "the connection failed"
