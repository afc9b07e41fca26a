"""web: what newsmon serves over HTTP; knows nothing of loops and adapters, and is handed what it shows."""
