"""run_engine: from the lock to the last child's end."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from mmsconsole.clock import Clock
from mmsconsole.engine.lock import EngineLock
from mmsconsole.engine.log import logging_to
from mmsconsole.engine.memory import bound_arenas
from mmsconsole.engine.parts import EngineParts
from mmsconsole.engine.systemd import Systemd
from mmsconsole.metadata.connect import is_external, socket_of
from mmsconsole.settings import Settings

log = logging.getLogger(__name__)

READY = "engine ready"
TICK_SECONDS = 0.5

MakeParts = Callable[[Settings, Clock], EngineParts]


def run_engine(
    settings: Settings, clock: Clock, stdout: TextIO, make_parts: MakeParts | None = None
) -> None:
    """Run until SIGTERM or SIGINT. Raises MmsError; nothing is left running then.

    Prints "engine ready" on `stdout` once it works. SIGHUP is ignored: a lost terminal is no
    reason to stop backing up. Call it from the main thread.
    """
    if not is_external(settings):
        socket_of(settings.home)  # refuses a home that is too deep, before a folder is made
    bound_arenas()
    with (
        _private_files(),
        _stop_signals() as stop,
        EngineLock(settings.home, clock) as lock,
        logging_to(settings),
    ):
        parts = (make_parts or real_parts)(settings, clock)
        systemd = Systemd(os.environ, clock)
        _run(parts, clock, stop, systemd, lambda: _tell_ready(lock, stdout))


def real_parts(settings: Settings, clock: Clock) -> EngineParts:
    # Imported here: the console, which starts and asks for engines, needs nothing of them.
    from mmsconsole.daemon.daemon import Daemon
    from mmsconsole.engine.beside import BESIDE
    from mmsconsole.engine.front_end import front_end
    from mmsconsole.storage.encryption.key_check import checked_storages

    return EngineParts(settings, clock, checked_storages, Daemon, front_end, BESIDE)


def _run(
    parts: EngineParts,
    clock: Clock,
    stop: threading.Event,
    systemd: Systemd,
    ready: Callable[[], None],
) -> None:
    try:
        parts.start()
        try:
            ready()
            systemd.ready()
            while not clock.wait(stop, TICK_SECONDS):
                parts.tick()
                systemd.alive()
        finally:
            log.info("the engine stops")
            systemd.stopping()
            parts.stop()
    except BaseException as error:
        log.critical("the engine ends: %s", error, exc_info=error)
        raise


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: stop.set()),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: stop.set()),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _private_files() -> Iterator[None]:
    """Everything that the engine and its children write is readable by their user alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _tell_ready(lock: EngineLock, stdout: TextIO) -> None:
    lock.tell_ready()
    print(READY, file=stdout, flush=True)
    log.info(READY)
