"""named: ids of feeds as a person typed them in, those feeds out; what none bears ends the command with the nearest right word."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli.terminal import BAD_USAGE, refuse

if TYPE_CHECKING:
    from monitor.model.feed import Feed
    from monitor.model.settings import Configuration


def named(configuration: "Configuration", ids: Sequence[str]) -> "list[Feed]":
    from monitor.config.problems import nearest

    known = {str(feed.id): feed for feed in configuration.feeds}
    for id_ in ids:
        if id_ not in known:
            refuse(f"there is no feed `{id_}`{nearest(id_, known)}", BAD_USAGE)
    return [known[id_] for id_ in dict.fromkeys(ids)]
