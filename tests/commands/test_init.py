"""init writes what runs unedited, keeps its secret to its owner, and overwrites nothing unasked."""

import base64
import shutil
from pathlib import Path

import pytest

from monitor.commands.init import AlreadyThereError, init
from monitor.config import load, shipped
from monitor.config.alerts import check_secret
from monitor.model.alert import Operations, Route
from monitor.model.delivery import Receiver, ReceiverKind
from monitor.model.ids import ReceiverId


def luck(count: int) -> bytes:
    return b"\x07" * count


def test_it_writes_the_shipped_files_and_a_secret(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "config"
    written = init(folder, luck=luck)
    copies = {str(path.relative_to(folder)): path.read_bytes() for path in written if path.parent.name != "secrets"}
    assert copies == {name: (shipped() / name).read_bytes() for name in copies}
    assert {name for name in copies if not name.startswith(("topics/", "schemas/"))} == {
        "settings.yaml",
        "feeds.yaml",
        "alerts.yaml",
    }
    assert len([name for name in copies if name.startswith("topics/")]) >= 1
    assert len([name for name in copies if name.startswith("schemas/")]) == 4
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(written)
    secret = folder / "secrets/desk"
    assert secret.read_text() == f"whsec_{base64.b64encode(luck(32)).decode()}\n"
    assert (secret.stat().st_mode & 0o777, secret.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_it_writes_is_valid_and_tells_everything_to_the_log(tmp_path: Path) -> None:
    init(tmp_path)
    configuration = load(tmp_path, {})
    assert configuration.warnings == ()
    assert configuration.receivers == (Receiver(id=ReceiverId("console"), kind=ReceiverKind.LOG),)
    assert configuration.routes == (Route(receiver=ReceiverId("console")),)
    assert configuration.operations == Operations(receiver=ReceiverId("console"))


def test_the_commented_webhook_works_once_it_is_uncommented(tmp_path: Path) -> None:
    init(tmp_path)
    alerts = tmp_path / "alerts.yaml"
    begin, end = "  # - id: desk\n", "\nroutes:\n"
    text = alerts.read_text()
    at = text.index(begin)
    hook = text[at : text.index(end)].replace("  # ", "  ", 1).replace("\n  # ", "\n  ")
    alerts.write_text(text[:at] + hook + end + "  - receiver: desk\n" + text[text.index(end) + len(end) :])
    configuration = load(tmp_path, {})
    assert configuration.warnings == ()
    assert [receiver.id for receiver in configuration.receivers] == ["console", "desk"]
    assert check_secret(configuration.receivers[1].secrets[0].reveal())


@pytest.mark.parametrize("contact", ["desk@news.example", "https://desk.example/bot?a=b#c:"])
def test_a_contact_takes_the_place_of_the_commented_one(contact: str, tmp_path: Path) -> None:
    init(tmp_path, contact=contact)
    assert load(tmp_path, {}).settings.poll.agent("1") == f"newsmon/1 (+{contact})"
    ours, theirs = ((folder / "settings.yaml").read_text().splitlines() for folder in (tmp_path, shipped()))
    changed = [(mine, line) for mine, line in zip(ours, theirs, strict=True) if mine != line]
    assert changed == [(f'  contact: "{contact}"', "  # contact: news-desk@example.org")]


def test_every_secret_is_another(tmp_path: Path) -> None:
    init(tmp_path / "a")
    init(tmp_path / "b")
    assert (tmp_path / "a/secrets/desk").read_text() != (tmp_path / "b/secrets/desk").read_text()


@pytest.mark.parametrize("name", ["feeds.yaml", "secrets/desk"])
def test_it_refuses_to_overwrite(name: str, tmp_path: Path) -> None:
    there = tmp_path / name
    there.parent.mkdir(exist_ok=True)
    there.write_text("mine\n")
    with pytest.raises(AlreadyThereError) as refused:
        init(tmp_path)
    assert refused.value.paths == (there,)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]
    assert there.read_text() == "mine\n"


def test_force_overwrites_all_but_the_secret(tmp_path: Path) -> None:
    init(tmp_path)
    secret = tmp_path / "secrets/desk"
    known = secret.read_text()
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    assert secret not in init(tmp_path, force=True)
    assert secret.read_text() == known
    assert (tmp_path / "feeds.yaml").read_bytes() == (shipped() / "feeds.yaml").read_bytes()


def test_a_lost_secret_is_made_anew_by_force(tmp_path: Path) -> None:
    init(tmp_path)
    shutil.rmtree(tmp_path / "secrets")
    assert (tmp_path / "secrets/desk") in init(tmp_path, force=True)
