"""benchmarks: newsmon beside its simplest honest rival, in one run, interleaved."""
