"""adapters: one technology a room, each fulfilling a port; the only rooms that touch network, disk, clock and processes."""
