"""demo: one news day, played offline in under a minute: local feeds, the real daemon, a receiver that checks everything."""

from monitor.commands.demo.play import run_demo

__all__ = ["run_demo"]
