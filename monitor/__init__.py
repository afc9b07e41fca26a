"""newsmon: watches news feeds for the topics its user tracks, and tells once, quickly and with evidence."""

__version__ = "0.1.0"
