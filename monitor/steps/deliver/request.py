"""request: a Delivery and its Receiver in, the signed Post out (Standard Webhooks 1.0.0).

The body is made of the delivery alone, so that it is the same at every attempt; the timestamp and with it the signature are
those of the attempt.
"""

import hmac
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from monitor.model.delivery import Delivery, Post, Receiver
from monitor.model.secret import Secret

SECRET_PREFIX = "whsec_"  # noqa: S105  how a secret begins is none


def build(delivery: Delivery, receiver: Receiver, now: datetime) -> Post:
    """The POST of one attempt. It is unsigned only if the receiver has no secret."""
    body = payload(delivery)
    timestamp = str(int(now.timestamp()))
    headers = {name.lower(): value.reveal() for name, value in receiver.headers}
    headers |= {"content-type": "application/json", "webhook-id": delivery.id, "webhook-timestamp": timestamp}
    if receiver.secrets:
        signed = b".".join((delivery.id.encode(), timestamp.encode(), body))
        headers["webhook-signature"] = " ".join(_signature(secret, signed) for secret in receiver.secrets)
    return Post(
        url=receiver.url,
        headers=tuple(headers.items()),
        body=body,
        timeout=receiver.timeout,
        allow_private=receiver.allow_private,
        allow_ports=receiver.allow_ports,
    )


def payload(delivery: Delivery) -> bytes:
    """The body: compact JSON in UTF-8. A test event has no sequence."""
    alert = delivery.alert
    own = {} if delivery.sequence is None else {"sequence": delivery.sequence}
    told_at = alert.created_at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    event = {"type": alert.type.value, "timestamp": told_at, "data": alert.data | own}
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # half a surrogate pair is no reason never to deliver


def _key(secret: Secret) -> bytes:
    return b64decode(secret.reveal().removeprefix(SECRET_PREFIX), validate=True)


def _signature(secret: Secret, signed: bytes) -> str:
    return "v1," + b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()
