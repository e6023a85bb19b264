"""Several who want the head at one time."""

import threading

from mmsconsole.stores.resources import Resources
from mmsconsole.strategies.held_head import HeldHead
from mmsconsole.task import Task
from tests.support.backups import wait_until


def test_the_follower_is_asked_to_leave_as_long_as_anybody_waits(resources: Resources) -> None:
    """Of two who wait, the one who has it first must not silence the other."""
    held = HeldHead(resources, "d1", lambda: None)
    taken = threading.Event()

    def take() -> None:
        with held.taken(Task()):
            taken.set()

    held.lock.acquire()
    waiting = threading.Thread(target=take, daemon=True)
    waiting.start()
    wait_until(held.wanted.is_set)
    held.wanted.clear()  # what the other one does when it has it
    try:
        wait_until(held.wanted.is_set)
    finally:
        held.lock.release()
    assert taken.wait(60)
    waiting.join(60)
    assert not held.wanted.is_set()
