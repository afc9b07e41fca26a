"""What docker-compose.yml promises; it has to be read by Compose 1.29 (Debian 12) and by 2."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from monitor.config import load, shipped
from monitor.config.units import Duration

ROOT = Path(__file__).parents[2]


def compose() -> dict[str, Any]:
    read = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def service() -> dict[str, Any]:
    found = compose()["services"]["newsmon"]
    assert isinstance(found, dict)
    return found


def test_has_no_key_that_one_of_the_two_refuses() -> None:
    assert set(compose()) == {"services", "volumes"}


def test_builds_and_names_the_image() -> None:
    assert (service()["build"], service()["image"]) == (".", "newsmon")


def test_can_write_only_where_it_must() -> None:
    assert service()["read_only"] is True
    assert service()["volumes"] == ["./config:/etc/newsmon:ro", "newsmon:/var/lib/newsmon"]
    assert [mount.split(":")[0] for mount in service()["tmpfs"]] == ["/tmp"]
    assert "newsmon" in compose()["volumes"]


def test_has_no_privilege_and_bounds() -> None:
    assert service()["user"] == "10001:10001"
    assert service()["cap_drop"] == ["ALL"]
    assert service()["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= set(service())
    assert set(service()["logging"]["options"]) == {"max-size", "max-file"}


def test_is_open_to_this_machine_only() -> None:
    assert [port for port in service()["ports"] if not port.startswith("127.0.0.1:")] == []


def test_is_healthy_by_the_images_own_check() -> None:
    assert "healthcheck" not in service()


def test_is_given_the_time_to_drain() -> None:
    grace = Duration("1s", "1h").read(service()["stop_grace_period"])
    assert grace >= load(shipped(), {}).settings.drain + timedelta(seconds=5)
