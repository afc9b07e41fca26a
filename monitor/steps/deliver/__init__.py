"""deliver: a Delivery in, its signed Post out; the Answer to it in, the Verdict on delivery and receiver out."""

from monitor.steps.deliver.request import build
from monitor.steps.deliver.verdict import judge, receiver_after

__all__ = ["build", "judge", "receiver_after"]
