"""verdict: an Answer in, what becomes of its delivery and of its receiver out."""

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.model.delivery import Answer, Attempt, Death, Delivery, DeliveryState, ReceiverState, Verdict
from monitor.steps.deliver.backoff import pause_after

RETRY_AFTER_MAX = timedelta(hours=24)
GONE_COUNT = 3  # answers of 410 in a row ...
GONE_WINDOW = timedelta(hours=1)  # ... over that time disable a receiver

_UNAVAILABLE = 503
_PASSING = frozenset({408, 425, 429})  # 4xx that say "not now" rather than "not so"


def judge(
    answer: Answer,
    delivery: Delivery,
    receiver_state: ReceiverState,
    schedule: tuple[timedelta, ...],
    now: datetime,
    luck: float,
) -> Verdict:
    """What the answer to the next attempt of `delivery` means for it. `luck` is in [0, 1)."""
    if answer.outcome is Attempt.OK:
        return Verdict(state=DeliveryState.DELIVERED)
    paused_until = _paused_until(answer, receiver_state, now)
    pause = pause_after(delivery.attempts + 1, schedule, luck)
    if pause is None:
        return Verdict(state=DeliveryState.DEAD, death=_death(answer), receiver_pause_until=paused_until)
    return Verdict(
        state=DeliveryState.PENDING,
        next_attempt_at=max(now + pause, paused_until or now),
        receiver_pause_until=paused_until,
    )


def receiver_after(answer: Answer, receiver_state: ReceiverState, now: datetime) -> ReceiverState:
    """What is known of the receiver after that answer. A success forgives everything."""
    if answer.outcome is Attempt.OK:
        return replace(
            receiver_state,
            paused_until=None,
            gone_since=None,
            gone_count=0,
            disabled_at=None,
            failures=0,
            last_success_at=now,
        )
    gone = answer.outcome is Attempt.GONE
    gone_since = (receiver_state.gone_since or now) if gone else None
    gone_count = receiver_state.gone_count + 1 if gone else 0
    means_it = gone_count >= GONE_COUNT and gone_since is not None and now - gone_since >= GONE_WINDOW
    return replace(
        receiver_state,
        paused_until=_paused_until(answer, receiver_state, now) or receiver_state.paused_until,
        gone_since=gone_since,
        gone_count=gone_count,
        disabled_at=receiver_state.disabled_at or (now if means_it else None),
        failures=receiver_state.failures + 1,
    )


def _paused_until(answer: Answer, receiver_state: ReceiverState, now: datetime) -> datetime | None:
    """Until when the whole receiver asked to be left alone: the later of what it asks now and what it asked for before.
    A late row's own long pause is no reason to make new alerts wait.
    """
    throttled = answer.outcome is Attempt.RATE_LIMITED or answer.status == _UNAVAILABLE
    if not throttled or answer.retry_after is None:
        return None
    asked = now + min(answer.retry_after, RETRY_AFTER_MAX)
    return max(asked, receiver_state.paused_until or asked)


def _death(answer: Answer) -> Death:
    if answer.outcome is Attempt.GONE:
        return Death.GONE
    rejected = answer.outcome is Attempt.HTTP_4XX and answer.status not in _PASSING
    return Death.REJECTED if rejected else Death.EXPIRED
