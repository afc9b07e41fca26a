"""feeds: what is done with feeds beside the daemon: told in words, checked, found, written into the configuration, paused and resumed."""
