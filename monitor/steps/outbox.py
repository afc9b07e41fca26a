"""outbox: an Alert and the routes in, the deliveries that it becomes out. One per receiver, however many routes agree."""

from collections.abc import Iterable
from hashlib import blake2b

from monitor.model.alert import Alert, Route
from monitor.model.ids import AlertId, DeliveryId, ReceiverId, TopicId
from monitor.model.severity import Severity


def receivers_of(topics: Iterable[tuple[TopicId, Severity]], routes: Iterable[Route]) -> tuple[ReceiverId, ...]:
    """The receivers whose routes take at least one of these topics at its severity, in the order of the routes."""
    wanted = tuple(topics)
    found = (route.receiver for route in routes if any(takes(route, topic, severity) for topic, severity in wanted))
    return tuple(dict.fromkeys(found))


def takes(route: Route, topic: TopicId, severity: Severity) -> bool:
    """Whether the route takes that topic at that severity."""
    return (not route.topics or topic in route.topics) and (not route.severities or severity in route.severities)


def deliveries_of(alert: Alert, receivers: Iterable[ReceiverId]) -> tuple[tuple[DeliveryId, ReceiverId], ...]:
    """One delivery a receiver, with its webhook-id: the same alert always makes the same ones."""
    return tuple((delivery_id(alert.id, receiver), receiver) for receiver in receivers)


def delivery_id(alert: AlertId, receiver: ReceiverId) -> DeliveryId:
    return DeliveryId("msg_" + blake2b(f"{alert}\0{receiver}".encode(), digest_size=15).hexdigest())
