"""An archive's bytes to a client: made ahead in a thread, the last of them counted.

The last piece is held back until the download was counted. So of a link that is good for one
download nobody gets two, however many begin at the same time.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor
from dataclasses import dataclass

from aiohttp import web

from mmsconsole.clock import Clock
from mmsconsole.rate import MEGABYTE, STEP_SECONDS, Bucket

PIECE_BYTES = 1 << 20
"""What is encrypted at one time: more is slower, and so is less."""
STALL_SECONDS = 60.0
"""A client that does not take one piece in that time has gone."""
LOOK_SECONDS = 2.0
"""How often it is looked whether the link is still good."""


class BrokenOff(ConnectionError):
    """The answer can not be ended as it was begun: the client must not take it for whole."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Questions about the link, asked while its bytes go out."""

    good: Callable[[int], Awaitable[bool]]
    """Whether it still gives something; told how many bytes went since it was asked last."""
    count: Callable[[str], Awaitable[bool]]
    """Before the last byte: whether this download may be one. Given the sha256 of all that was
    sent, in hex, where that was computed."""
    give_back: Callable[[], Awaitable[None]]
    """It was counted, and its last byte could not be sent."""


class Sending:
    """One answer's body."""

    def __init__(
        self, response: web.StreamResponse, gate: Gate, clock: Clock, mb_per_second: float = 0
    ) -> None:
        self._response = response
        self._gate = gate
        self._clock = clock
        self._rate = mb_per_second * MEGABYTE
        self._bucket = Bucket(0.0, clock.monotonic())
        self._looked_at = clock.monotonic()
        self._counted = False
        self.untold = 0
        """Bytes that were sent since the gate was asked last."""

    async def run(
        self, made: Generator[bytes, None, None], making: Executor, *, counts: bool,
        digest: "hashlib._Hash | None" = None,
    ) -> None:  # fmt: skip
        """Send all that is made, in the one thread of `making`, and the end of the answer.

        `counts`: the archive's last byte is among it. Raises BrokenOff, ConnectionError where the
        client has gone, and what making raises; `made` is closed soon.
        """
        loop = asyncio.get_running_loop()
        coming = loop.run_in_executor(making, _next, made, digest)
        try:
            data = await coming
            while data is not None:
                coming = loop.run_in_executor(making, _next, made, digest)
                held_back = max(0, len(data) - PIECE_BYTES)
                view = memoryview(data)
                await self._send(view[:held_back])
                data = await coming
                if data is None and counts:
                    await self._count("" if digest is None else digest.hexdigest())
                await self._send(view[held_back:])
            await self._response.write_eof()
        except BaseException:
            if self._counted:
                await self._gate.give_back()
            raise
        finally:
            # Behind what is being made, and not waited for: a store may hang, and nobody listens.
            coming.add_done_callback(_seen)
            making.submit(made.close)

    async def _count(self, sha256: str) -> None:
        if not await self._gate.count(sha256):
            raise BrokenOff("the link gives no more downloads")
        self._counted = True

    async def _send(self, data: memoryview) -> None:
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    await self._response.write(piece)
            except TimeoutError as error:
                raise BrokenOff("the client takes nothing any more") from error
            self.untold += len(piece)
            await self._slowly(len(piece))
            await self._look()

    async def _slowly(self, count: int) -> None:
        if not self._rate:
            return
        now = self._clock.monotonic()
        self._bucket = self._bucket.refilled(self._rate, now).charged(count)
        owed = self._bucket.seconds_of_debt(self._rate)
        while owed > 0:
            step = min(owed, STEP_SECONDS)
            await asyncio.sleep(step)
            await self._look()
            owed -= step

    async def _look(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        if self._counted:
            return
        sent, self.untold = self.untold, 0
        if not await self._gate.good(sent):
            raise BrokenOff("the link is not good any more")


def _seen(coming: "asyncio.Future[bytes | None]") -> None:
    """Its error is not the one to tell."""
    if not coming.cancelled():
        coming.exception()


def _next(made: Generator[bytes, None, None], digest: "hashlib._Hash | None") -> bytes | None:
    data = next(made, None)
    if data is not None and digest is not None:
        digest.update(data)
    return data
