"""healthcheck: where the daemon listens in; whether it can do its work, in words, out."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from monitor.model.settings import Listen

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 64 * 2**10
_OK = 200
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where a listener on all addresses is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    well: bool
    words: str


def ask(listen: Listen) -> Healthy:
    """Ask /readyz."""
    host = _EVERYWHERE.get(listen.host, listen.host)
    connection = HTTPConnection(host, listen.port, timeout=TIMEOUT_S)
    place = f"{f'[{host}]' if ':' in host else host}:{listen.port}"
    try:
        connection.request("GET", "/readyz", headers={"accept": "application/json"})
        answer = connection.getresponse()
        told = _problems(answer.read(ANSWER_BYTES_MAX))
    except ConnectionRefusedError:
        return Healthy(well=False, words=f"nothing answers on {place}: newsmon does not run there")
    except TimeoutError:
        return Healthy(well=False, words=f"no answer from {place} within {TIMEOUT_S:g} s")
    except (OSError, HTTPException) as error:
        return Healthy(well=False, words=f"no answer from {place}: {str(error) or type(error).__name__}")
    finally:
        connection.close()
    if answer.status == _OK:
        return Healthy(well=True, words=f"newsmon on {place} is ready")
    return Healthy(well=False, words=f"newsmon on {place} is not ready: {told or f'it answers {answer.status}'}")


def _problems(body: bytes) -> str:
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return ""
    problems = answer.get("problems") if isinstance(answer, dict) else None
    return "; ".join(str(problem) for problem in problems) if isinstance(problems, list) else ""
