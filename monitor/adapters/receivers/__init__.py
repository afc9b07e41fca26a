"""receivers: one kind of receiver a room. Each fulfils `ports.Tell`."""
