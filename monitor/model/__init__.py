"""model: the frozen nouns of newsmon, one a file. Imports nothing but the standard library's values."""
