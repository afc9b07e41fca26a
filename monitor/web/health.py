"""health: what the daemon says of itself in, /healthz, /readyz and /metrics out, to whoever can reach the listener."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.ports import Health

SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def app(*, health: Callable[[], Health] | None = None, metrics: ASGIApp | None = None) -> Starlette:
    """Serves what it is given, to GET and HEAD; everything else is refused in JSON. `health` must answer at once."""
    routes = []
    if health is not None:
        routes += _health_routes(health)
    if metrics is not None:
        routes.append(Route("/metrics", _Application(metrics), methods=["GET"]))
    built = Starlette(
        routes=routes,
        middleware=[Middleware(_SecurityHeaders)],
        exception_handlers={HTTPException: _refuse, Exception: _fail},
    )
    built.router.redirect_slashes = False  # a redirect would echo the Host header that the client made up
    return built


def _health_routes(health: Callable[[], Health]) -> list[Route]:
    async def healthz(_request: Request) -> Response:
        if health().alive:
            return PlainTextResponse("alive\n")
        return PlainTextResponse("the scheduler does not tick\n", status_code=503)

    async def readyz(_request: Request) -> Response:
        now = health()
        return JSONResponse({"ready": now.ready, "problems": now.problems}, status_code=200 if now.ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


class _Application:
    """An ASGI application as the end of a route: Starlette takes a bare function for one that returns a response."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application(scope, receive, send)


class _SecurityHeaders:
    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        await self._application(scope, receive, guarded)


async def _refuse(_request: Request, refused: Exception) -> Response:
    assert isinstance(refused, HTTPException)  # noqa: S101  what Starlette calls it for
    return JSONResponse({"error": refused.detail.lower()}, status_code=refused.status_code, headers=refused.headers)


async def _fail(_request: Request, _failure: Exception) -> Response:
    return JSONResponse({"error": "internal error; the log tells more"}, status_code=500)
