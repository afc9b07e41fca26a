"""commands: what the words of the command line do, where it is more than a call."""
