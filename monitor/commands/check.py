"""check: a configuration that was read in; what it would stumble over when it runs out, each in a sentence."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from monitor.adapters.guard import Blocked, Guard
from monitor.model.feed import Feed
from monitor.model.settings import Configuration, HeartbeatSettings

LOOKUP_LIMIT = timedelta(seconds=5)
LOOKUPS_MAX = 32  # at the same time
NETWORK_PREFIXES = {4: 24, 6: 64}  # of the network that is suggested for a private address

ANONYMOUS = (
    "settings.yaml: publishers cannot tell who polls them, nor ask you to change it; below `poll:` write "
    "`contact: YOUR-PAGE-OR-MAIL-ADDRESS`"
)

Lookup = Callable[[str], list[str]]


class Weight(StrEnum):
    PROBLEM = "problem"  # it will not work
    WARNING = "warning"  # it may not be meant, or not work yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    weight: Weight
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What newsmon will connect to."""

    kind: str
    id: str
    host: str
    port: int
    allow_private: tuple[str, ...]


def resolve(host: str) -> list[str]:
    """The addresses of a host by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def check(configuration: Configuration, *, lookup: Lookup | None, limit: timedelta = LOOKUP_LIMIT) -> list[Finding]:
    """Everything that is to be said, problems first. `lookup` None: no name is resolved."""
    findings = [Finding(weight=Weight.WARNING, text=warning) for warning in configuration.warnings]
    if configuration.settings.poll.anonymous:
        findings.append(Finding(weight=Weight.WARNING, text=ANONYMOUS))
    database = configuration.settings.database
    if not database.parent.is_dir():
        text = f"settings.yaml: database: the folder {database.parent} does not exist"
        findings.append(Finding(weight=Weight.PROBLEM, text=text))
    if lookup is not None:
        findings += _unreachable(configuration, lookup, limit)
    return sorted(findings, key=lambda finding: finding.weight is not Weight.PROBLEM)


def _unreachable(configuration: Configuration, lookup: Lookup, limit: timedelta) -> Iterator[Finding]:
    settings = configuration.settings
    own = [(listen.host, listen.port) for listen in (settings.listen, settings.metrics_listen) if listen is not None]
    targets = list(_targets(configuration))
    answers = _resolve_all(sorted({target.host for target in targets}), lookup, limit)
    lost = sorted(host for host, answer in answers.items() if isinstance(answer, str))
    if len(lost) > 1 and len(lost) == len(answers):
        text = f"not one of {len(lost)} names can be resolved: is this machine offline? (--offline leaves this out)"
        yield Finding(weight=Weight.WARNING, text=text)
        return
    for target in targets:
        answer = answers[target.host]
        if isinstance(answer, str):
            text = f"{target.id}: {target.host} cannot be resolved ({answer})"
            yield Finding(weight=Weight.WARNING, text=text)
        elif (refused := _refused(target, answer, own)) is not None:
            yield Finding(weight=Weight.PROBLEM, text=refused)


def _targets(configuration: Configuration) -> Iterator[_Target]:
    named = [_reached("feed", each.id, each.url, each) for each in configuration.feeds]
    named += [("receiver", each.id, each.url, each.allow_private) for each in configuration.receivers if each.url]
    if (heartbeat := configuration.settings.heartbeat) is not None:
        named.append(_reached("heartbeat", "heartbeat", heartbeat.url.reveal(), heartbeat))
    for kind, id_, url, allow_private in named:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        yield _Target(kind=kind, id=id_, host=parts.hostname or "", port=port, allow_private=allow_private)


def _reached(kind: str, id_: str, url: str, asked: Feed | HeartbeatSettings) -> tuple[str, str, str, tuple[str, ...]]:
    """What is dialled for that. A proxy is allowed by being named."""
    proxy = asked.connection.proxy
    if proxy is None:
        return kind, id_, url, asked.allow_private
    return kind, id_, proxy.url, (urlsplit(proxy.url).hostname or "",)


def _refused(target: _Target, addresses: Sequence[str], own: Sequence[tuple[str, int]]) -> str | None:
    """Why the guard will not dial the target, and what would change that."""
    try:
        Guard(target.allow_private, own).choose(target.host, target.port, addresses)
    except Blocked as blocked:
        is_own = "newsmon itself" in str(blocked)
        host = "" if target.host in addresses else f"{target.host}: "
        advice = "" if is_own else f"; add allow_private: [{suggested(addresses[0])}] to this {target.kind}"
        return f"{target.id}: {host}{blocked}{advice}"
    return None


def suggested(address: str) -> str:
    """The network to allow: the address's neighbourhood where it is private, nothing but itself elsewhere."""
    ip = ip_address(address)
    if not ip.is_private or ip.is_loopback or ip.is_link_local:
        return address
    return str(ip_network(f"{address}/{NETWORK_PREFIXES[ip.version]}", strict=False))


def _resolve_all(hosts: Sequence[str], lookup: Lookup, limit: timedelta) -> Mapping[str, list[str] | str]:
    """Each host's addresses, or why there are none.

    The system's resolver cannot be interrupted, so it is asked by threads that nobody waits for when the time is over.
    """
    waiting: SimpleQueue[str] = SimpleQueue()
    done: SimpleQueue[tuple[str, list[str] | str]] = SimpleQueue()
    for host in hosts:
        waiting.put(host)

    def work() -> None:
        while True:
            try:
                host = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((host, lookup(host)))
            except (OSError, UnicodeError) as error:
                done.put((host, getattr(error, "strerror", None) or str(error)))

    for _ in range(min(LOOKUPS_MAX, len(hosts))):
        threading.Thread(target=work, daemon=True).start()
    rounds = -(-len(hosts) // LOOKUPS_MAX)
    until = time.monotonic() + limit.total_seconds() * rounds
    answers: dict[str, list[str] | str] = {}
    while len(answers) < len(hosts):
        try:
            host, answer = done.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            break
        answers[host] = answer
    return {host: answers.get(host, f"no answer within {limit.total_seconds():g} s") for host in hosts}
