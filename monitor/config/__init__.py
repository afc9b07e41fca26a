"""config: a folder of YAML files in, `model` values out. Its pydantic classes never leave it."""

from monitor.config.load import load, shipped
from monitor.config.problems import ConfigError, Problem

__all__ = ["ConfigError", "Problem", "load", "shipped"]
