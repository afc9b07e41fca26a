"""loops: ask, decide, write. They hold the awaits; what is decided stands in the steps."""
