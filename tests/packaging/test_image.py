"""What the container image promises, read from the files that make it."""

import json
import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """The instructions, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def final_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(index for index, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def test_the_base_image_is_named_plainly() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert bases == ["python:3.13-slim"] * 2
    assert not re.search(r"^#\s*(syntax|escape|check)\s*=", DOCKERFILE, re.MULTILINE | re.IGNORECASE)
    assert "sha256:" not in DOCKERFILE


def test_everything_installed_is_hash_checked_or_our_own() -> None:
    commands = [part for word, rest in instructions() if word == "RUN" for part in rest.split("&&")]
    installs = [command.split() for command in commands if " install " in command and "pip" in command]
    assert [
        ("--require-hashes" in words) or ("--no-index" in words and "--no-deps" in words) for words in installs
    ] == [
        True,
        True,
        True,
    ]


def test_the_last_stage_builds_nothing() -> None:
    assert [
        rest for word, rest in final_stage() if word == "RUN" and re.search(r"\b(pip|apt-get|gcc|make)\b", rest)
    ] == []


def test_runs_as_nobody_special_and_takes_the_verb_as_argument() -> None:
    last = dict(final_stage())
    assert last["USER"] == "10001:10001"
    assert (json.loads(last["ENTRYPOINT"]), json.loads(last["CMD"])) == (["newsmon"], ["run"])
    assert last["VOLUME"] == last["WORKDIR"] == "/var/lib/newsmon"
    assert json.loads(last["HEALTHCHECK"].split("CMD")[1]) == ["newsmon", "healthcheck"]


def test_its_variables_are_those_that_the_shipped_settings_name() -> None:
    settings = (ROOT / "config" / "settings.yaml").read_text("utf-8")
    named = set(re.findall(r"\$\{(NEWSMON_[A-Z_]+):-", settings))
    given = dict(
        assignment.split("=", 1) for word, rest in final_stage() if word == "ENV" for assignment in shlex.split(rest)
    )
    assert {name for name in given if name.startswith("NEWSMON_")} == named | {"NEWSMON_CONFIG"}
    assert Path(given["NEWSMON_DATABASE"]).parent == Path("/var/lib/newsmon")


def test_the_builder_is_sent_what_it_copies_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copies = [rest for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    copied = {source for rest in copies for source in rest.split()[:-1]}
    assert "*" in lines
    assert copied == sent
    assert [name for name in sent if not (ROOT / name).exists()] == []
