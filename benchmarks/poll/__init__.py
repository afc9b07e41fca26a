"""poll: what it costs to poll a thousand feeds, by newsmon and by the library `reader`, on the same feeds in the same run."""
