"""load: the real daemon with thousands of feeds, from the due moment of a poll to the 2xx of a webhook."""
