"""ids: what a thing is called. Feeds, topics and receivers are named by the configuration; the other ids are computed from what they name."""

from typing import NewType

FeedId = NewType("FeedId", str)
TopicId = NewType("TopicId", str)
ReceiverId = NewType("ReceiverId", str)
ItemId = NewType("ItemId", str)
AlertId = NewType("AlertId", str)
DeliveryId = NewType("DeliveryId", str)
"""Also the `webhook-id` of every attempt of that delivery."""
