"""deliveries: what was sent, what waits, what was given up; sent again on request; and a test of a receiver."""

import asyncio

import typer

from monitor import __version__
from monitor.cli.folder import configuration_of, reading
from monitor.cli.terminal import (
    BAD_USAGE,
    FOUND_PROBLEMS,
    OK,
    STATE_STYLES,
    clock_time,
    listing,
    print_json,
    refuse,
    styled,
    table,
    write,
)
from monitor.cli.times import now as time_now
from monitor.cli.times import since as long_ago

app = typer.Typer(no_args_is_help=True, help="List, show and replay deliveries: an alert on its way to a receiver.")
_JSON = typer.Option(False, "--json", help="One JSON object a line.")


@app.command("list")
def list_(
    context: typer.Context,
    receiver: str | None = typer.Option(None, "--receiver", help="Only that receiver's."),
    state: str | None = typer.Option(None, "--state", help="Only pending, delivered or dead ones."),
    since: str | None = typer.Option(None, "--since", metavar="SPAN", help="Only what is younger: 90m, 24h, 7d."),
    limit: int = typer.Option(20, "--limit", min=1, max=10_000, help="How many at most."),
    as_json: bool = _JSON,
) -> None:
    """List deliveries, newest first.

    newsmon deliveries list --state dead
    newsmon deliveries list --receiver desk --since 24h --json
    """
    from monitor.adapters.store import deliveries
    from monitor.model.delivery import DeliveryState
    from monitor.model.ids import ReceiverId

    states = [each.value for each in DeliveryState]
    if state is not None and state not in states:
        refuse(f"there is no state {state}: expected {listing(states, 'or')}", BAD_USAGE)
    configuration = configuration_of(context)
    after = long_ago(since)
    with reading(configuration) as read:
        found = read(
            lambda tx: deliveries.listed(
                tx,
                limit,
                receiver=None if receiver is None else ReceiverId(receiver),
                state=None if state is None else DeliveryState(state),
                since=after,
            )
        )
    shown = table("delivery", "created", "receiver", "no.", "state", "attempts", "topics", right=("no.", "attempts"))
    for record in found:
        delivery = record.delivery
        if as_json:
            print_json(
                {
                    "id": delivery.id,
                    "alert_id": delivery.alert.id,
                    "receiver": delivery.receiver_id,
                    "sequence": delivery.sequence,
                    "state": delivery.state.value,
                    "attempts": delivery.attempts,
                    "created_at": delivery.created_at,
                    "next_attempt_at": delivery.next_attempt_at,
                    "finished_at": record.finished_at,
                    "death": record.death and record.death.value,
                }
            )
        cells = (clock_time(delivery.created_at), delivery.receiver_id, str(delivery.sequence or ""))
        word = styled(delivery.state, STATE_STYLES[delivery.state])
        about = ", ".join(delivery.alert.topics) or delivery.alert.type.value
        shown.add_row(styled(delivery.id), *map(styled, cells), word, str(delivery.attempts), styled(about))
    if not as_json:
        write(shown)


@app.command()
def show(context: typer.Context, delivery_id: str = typer.Argument(metavar="ID"), as_json: bool = _JSON) -> None:
    """Show one delivery with every attempt and answer.

    newsmon deliveries show msg_0123456789
    """
    from monitor.adapters.store import deliveries

    with reading(configuration_of(context)) as read:
        record = read(lambda tx: deliveries.get(tx, delivery_id))
    if record is None:
        refuse(f"there is no delivery {delivery_id}; `newsmon deliveries list` shows what there is")
    delivery = record.delivery
    if as_json:
        attempts = [
            {
                "at": each.at,
                "outcome": each.answer.outcome.value,
                "status": each.answer.status,
                "detail": each.answer.detail,
            }
            for each in record.history
        ]
        print_json(
            {"id": delivery.id, "receiver": delivery.receiver_id, "state": delivery.state.value, "attempts": attempts}
        )
        return
    write(
        styled(f"{delivery.id}  to {delivery.receiver_id}, number {delivery.sequence or '-'}", "bold"),
        styled(f"  {delivery.state}", STATE_STYLES[delivery.state]),
        styled(f"  alert {delivery.alert.id}: {', '.join(delivery.alert.topics) or delivery.alert.type.value}"),
    )
    for each in record.history:
        words = f"  {each.number}. {clock_time(each.at)}  {each.answer.outcome}  {each.answer.detail}"
        write(styled(words), *([styled(f"     {each.answer.body[:200]}", "dim")] if each.answer.body else []))


@app.command()
def replay(context: typer.Context, delivery_ids: list[str] = typer.Argument(metavar="ID...")) -> None:
    """Send finished deliveries again, with the same webhook-id and sequence.

    Works beside a running daemon, which sends them at once.

      newsmon deliveries replay msg_0123456789
    """
    from monitor.commands.replay import Replayed
    from monitor.commands.replay import replay as again
    from monitor.ports import StorageError

    words = {Replayed.DUE: "is sent again", Replayed.WAITS: "waits to be sent anyway", Replayed.UNKNOWN: "is not known"}
    try:
        done = again(configuration_of(context).settings.database, delivery_ids, time_now())
    except StorageError as error:
        refuse(error.detail)
    for delivery_id, result in done.items():
        print(f"{delivery_id} {words[result]}")
    raise typer.Exit(FOUND_PROBLEMS if Replayed.UNKNOWN in done.values() else OK)


def test_receiver(context: typer.Context, receiver_id: str = typer.Argument(metavar="ID")) -> None:
    """Send a receiver a marked test event, signed and sent as every alert is.

    newsmon test-receiver desk
    """
    configuration = configuration_of(context)
    receivers = {receiver.id: receiver for receiver in configuration.receivers}
    receiver = next((found for name, found in receivers.items() if name == receiver_id), None)
    if receiver is None:
        refuse(f"there is no receiver {receiver_id}; there are: {', '.join(receivers) or 'none'}", BAD_USAGE)

    from monitor.adapters.clock import SystemClock
    from monitor.adapters.receivers.log import Log
    from monitor.adapters.receivers.webhook import Webhook
    from monitor.adapters.sender import Sender
    from monitor.commands.probe import Probed, probe
    from monitor.model.delivery import Attempt, ReceiverKind
    from monitor.ports import Tell

    async def ask() -> Probed:
        async with Sender(user_agent=configuration.settings.poll.agent(__version__)) as sender:
            tell: dict[ReceiverKind, Tell] = {ReceiverKind.WEBHOOK: Webhook(sender), ReceiverKind.LOG: Log()}
            return await probe(receiver, tell, SystemClock(), configuration.settings.instance)

    probed = asyncio.run(ask())
    answer = probed.answer
    print(
        f"{receiver_id}: {answer.outcome.value}{f', {answer.detail}' if answer.detail else ''} (webhook-id {probed.delivery.id})"
    )
    raise typer.Exit(OK if answer.outcome is Attempt.OK else FOUND_PROBLEMS)
