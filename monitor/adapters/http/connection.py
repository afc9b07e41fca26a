"""connection: the bytes of a request in, the Head of its answer out, and its body to whoever takes it: one at a time."""

from monitor.adapters.http.answer import Head, Reading, Take
from monitor.adapters.http.stream import Stream


class Connection:
    """Whoever has it hangs up."""

    __slots__ = ("keeps", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.keeps = False  # whether another request may follow, as the last answer has it

    async def ask(self, request: bytes, take: Take) -> Head:
        """The head of the answer, when its body has been taken. Raises HungUpError where nothing came, AnswerError, OSError, and what
        `take` and its sink raise.
        """
        self.keeps = False
        reading = Reading(take)
        orderly = True
        try:
            await self.stream.send(request)
            await self.stream.readable()  # nobody answers at once
            while data := await self.stream.receive():
                head = reading.feed(data)
                if head is not None:
                    self.keeps = reading.keeps
                    return head
        except ConnectionError:
            orderly = False
        finally:
            reading.close()
        return reading.end(orderly=orderly)

    def hang_up(self) -> None:
        """Now, whatever is under way."""
        self.stream.close()
