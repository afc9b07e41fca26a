"""What is secret is shown by nothing: no value, no error, no warning; and it is read as it was meant."""

import traceback
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from monitor.config import ConfigError, load
from monitor.model.connection import Connection, Proxy
from monitor.model.secret import Secret
from monitor.model.settings import HeartbeatSettings

Write = Callable[[Mapping[str, str | bytes | None]], Path]


CANARY = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
SECRET = f"whsec_{CANARY}"
TOLD = "operations: {receiver: desk}\n"
HOOK = "receivers:\n  - id: desk\n    webhook:\n      url: https://desk.example/in\n"


def test_a_configuration_shows_no_secret(write: Write) -> None:
    alerts = (
        HOOK
        + "      secret: ${SECRET}\n      previous_secret_file: secrets/desk\n      headers: {X-Token: '${TOKEN}'}\n"
    )
    folder = write({"alerts.yaml": alerts, "secrets/desk": SECRET})
    configuration = load(folder, {"SECRET": SECRET, "TOKEN": CANARY})
    assert [secret.reveal() for secret in configuration.receivers[0].secrets] == [SECRET, SECRET]
    assert CANARY not in repr(configuration)
    assert CANARY not in str(configuration.receivers)


# Every place where a secret could be written, with a mistake at that place.
LEAKS = {
    "a secret that is none": (HOOK + "      secret: ${CANARY}\n", "alerts.yaml"),
    "a secret beside a mistake": (HOOK + "      secret: ${SECRET}\n      timeout: x\n", "alerts.yaml"),
    "two secrets": (HOOK + "      secret: ${SECRET}\n      secret_file: secrets/desk\n", "alerts.yaml"),
    "a secret in a list": (HOOK + "      secret: ['${SECRET}']\n", "alerts.yaml"),
    "a secret as a header's name": (HOOK + "      secret: ${SECRET}\n      headers: {a: '${LINES}'}\n", "alerts.yaml"),
    "a secret in the URL": ("feeds:\n  - {id: a, publisher: A, url: 'ftp://x/${CANARY}'}\n", "feeds.yaml"),
    "a secret as userinfo": ("feeds:\n  - {id: a, publisher: A, url: 'https://u:${CANARY}@x/'}\n", "feeds.yaml"),
    "a secret as an id": ("feeds:\n  - {id: '${CANARY}', publisher: A, url: 'https://x/'}\n", "feeds.yaml"),
    "a secret as a network": (
        "feeds:\n  - {id: a, publisher: A, url: 'https://x/', allow_private: ['${CANARY}/8']}\n",
        "feeds.yaml",
    ),
    "a secret as a word": ("logs: {level: '${CANARY}'}\n", "settings.yaml"),
    "a secret as a span": ("alerts: {late_after: '${CANARY}'}\n", "settings.yaml"),
    "a secret as an address": ("web: {listen: '${CANARY}:1'}\n", "settings.yaml"),
    "a secret as a whole file": ("${CANARY}\n", "settings.yaml"),
    "a secret in a query": ("topics:\n  - {id: a, title: A, query: '(${CANARY}'}\n", "topics/day.yaml"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_no_error_shows_a_secret(leak: str, write: Write) -> None:
    text, file = LEAKS[leak]
    folder = write({file: text})
    environ = {"CANARY": CANARY, "SECRET": SECRET, "LINES": f"{CANARY}\n"}
    with pytest.raises(ConfigError) as refused:
        load(folder, environ)
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + str(refused.value)
    assert CANARY not in shown


def test_no_error_shows_a_secret_file(write: Write) -> None:
    folder = write({"secrets/desk": f"{CANARY}\n"})
    with pytest.raises(ConfigError) as refused:
        load(folder, {})
    assert CANARY not in "".join(traceback.format_exception(refused.value))


# Where the URL of the heartbeat could be shown: with a mistake beside it, and at it.
HEARTBEATS = {
    "beside a mistake": "heartbeat: {url: 'https://hc.example/${CANARY}', evry: 5m}\n",
    "at a mistake": "heartbeat: {url: 'https://u:${CANARY}@hc.example/'}\n",
    "as a network": "heartbeat: {url: 'https://hc.example/${CANARY}', allow_private: ['${CANARY}/8']}\n",
    "as a span": "heartbeat: {url: 'https://hc.example/', every: '${CANARY}'}\n",
}


@pytest.mark.parametrize("leak", HEARTBEATS)
def test_no_error_shows_the_heartbeat(leak: str, write: Write) -> None:
    folder = write({"settings.yaml": HEARTBEATS[leak]})
    with pytest.raises(ConfigError) as refused:
        load(folder, {"CANARY": CANARY})
    assert CANARY not in "".join(traceback.format_exception(refused.value)) + repr(refused.value)


def test_the_heartbeat_shows_itself_to_nobody(write: Write) -> None:
    folder = write({"settings.yaml": "heartbeat: {url: 'https://hc.example/${CANARY}'}\n"})
    configuration = load(folder, {"CANARY": CANARY})
    assert configuration.settings.heartbeat == HeartbeatSettings(url=Secret(f"https://hc.example/{CANARY}"))
    assert CANARY not in repr(configuration) + str(configuration.settings.heartbeat)


PROXY = "heartbeat:\n  url: https://hc.example/\n  proxy: http://proxy.lan:3128\n  proxy_auth: {{user: me, {}}}\n"
PASSWORDS = {
    "of the environment": ("password: '${CANARY}'", ()),
    "of a file": ("password_file: secrets/proxy", ()),
    "in the open": (
        f"password: {CANARY}",
        (
            (
                "settings.yaml:4:heartbeat.proxy_auth.password: "
                "the secret itself stands in this file; `password_file` or `${NAME}` keeps it out"
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", PASSWORDS)
def test_the_proxy_of_the_heartbeat_knows_us_and_nobody_else_does(name: str, write: Write) -> None:
    password, expected = PASSWORDS[name]
    folder = write({"settings.yaml": PROXY.format(password), "secrets/proxy": f"{CANARY}\n"})
    configuration = load(folder, {"CANARY": CANARY})
    known = Secret("Basic " + b64encode(f"me:{CANARY}".encode()).decode())
    assert configuration.settings.heartbeat == HeartbeatSettings(
        url=Secret("https://hc.example/"),
        connection=Connection(proxy=Proxy(url="http://proxy.lan:3128", authorization=known)),
    )
    assert tuple(warning.replace(f"{folder}/", "") for warning in configuration.warnings) == expected
    assert CANARY not in repr(configuration)


def warnings(folder: Path) -> list[str]:
    return [warning.replace(f"{folder}/", "") for warning in load(folder, {}).warnings]


def test_a_secret_file_for_everybody_is_warned_about(write: Write) -> None:
    folder = write({})
    (folder / "secrets/desk").chmod(0o644)
    assert warnings(folder) == [
        "alerts.yaml:2:receivers[0].webhook.secret_file: secrets/desk can be read by everybody on this machine; chmod 600"
    ]


def test_a_secret_in_the_file_itself_is_warned_about(write: Write) -> None:
    folder = write({"alerts.yaml": HOOK + f"      secret: {SECRET}\nroutes: [{{receiver: desk}}]\n" + TOLD})
    assert warnings(folder) == [
        (
            "alerts.yaml:5:receivers[0].webhook.secret: "
            "the secret itself stands in this file; `secret_file` or `${NAME}` keeps it out"
        )
    ]


def test_an_absolute_secret_file(write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    folder = write({"alerts.yaml": HOOK + f"      secret_file: {secret}\nroutes: [{{receiver: desk}}]\n" + TOLD})
    configuration = load(folder, {})
    assert ([each.reveal() for each in configuration.receivers[0].secrets], configuration.warnings) == ([SECRET], ())
