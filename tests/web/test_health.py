import asyncio
import json
from dataclasses import dataclass, field

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.ports import Health
from monitor.web.health import SECURITY_HEADERS, app

WELL = Health(alive=True, ready=True)
BUSY = Health(alive=True, ready=False, problems=("the database takes no writes: the disk is full",))
STUCK = Health(alive=False, ready=False, problems=("the scheduler does not tick",))


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(application: ASGIApp, path: str, method: str = "GET") -> Answer:
    answer = Answer()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"made.up")],
    }
    asyncio.run(application(scope, receive, send))
    return answer


async def measurements(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"up 1\n"})


@pytest.mark.parametrize(
    ("health", "status", "body"),
    [
        (WELL, 200, b"alive\n"),
        (BUSY, 200, b"alive\n"),
        (STUCK, 503, b"the scheduler does not tick\n"),
    ],
    ids=["well", "alive but not ready", "stuck"],
)
def test_healthz_says_whether_the_daemon_lives(health: Health, status: int, body: bytes) -> None:
    answer = ask(app(health=lambda: health), "/healthz")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (status, body, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("health", "status"), [(WELL, 200), (BUSY, 503), (STUCK, 503)], ids=["well", "not ready", "stuck"]
)
def test_readyz_says_whether_it_can_work_and_if_not_why(health: Health, status: int) -> None:
    answer = ask(app(health=lambda: health), "/readyz")
    assert answer.status == status
    assert json.loads(answer.body) == {"ready": health.ready, "problems": list(health.problems)}


@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("/", "GET", 404, {"error": "not found"}),
        ("/healthz/", "GET", 404, {"error": "not found"}),
        ("/metrics", "GET", 404, {"error": "not found"}),
        ("/healthz", "POST", 405, {"error": "method not allowed"}),
        ("/readyz", "DELETE", 405, {"error": "method not allowed"}),
    ],
    ids=["unknown", "no redirect", "no metrics here", "POST", "DELETE"],
)
def test_everything_else_is_refused_in_json(path: str, method: str, status: int, body: dict[str, str]) -> None:
    answer = ask(app(health=lambda: WELL), path, method)
    assert (answer.status, json.loads(answer.body)) == (status, body)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/metrics", "GET", 200), ("/metrics", "HEAD", 200), ("/metrics", "POST", 405), ("/healthz", "GET", 404)],
    ids=["GET", "HEAD", "POST", "nothing but metrics"],
)
def test_metrics_stand_where_they_are_given(path: str, method: str, status: int) -> None:
    assert ask(app(metrics=measurements), path, method).status == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/unknown"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    headers = ask(app(health=lambda: WELL, metrics=measurements), path).headers
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_failure_of_ours_tells_the_client_nothing() -> None:
    def broken() -> Health:
        raise LookupError("the secret detail")

    with pytest.raises(LookupError):  # goes on to the server, which logs it
        ask(app(health=broken), "/readyz")
