"""What a command does with a store alone: no engine is asked, and none is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmsconsole.cli.credentials import read_store_url
from mmsconsole.cli.shell import Shell
from mmsconsole.cli.telling import Telling, at_work
from mmsconsole.operations.recovery_views import StoreContents, StoreRestored
from mmsconsole.operations.store_restore import StoreWish, contents, restore
from mmsconsole.recovery.temporary import temporary_resources
from mmsconsole.stores.resources import Resources
from mmsconsole.task import Task


@dataclass(frozen=True, slots=True)
class StoreArguments:
    url: str
    """`-`: one line of stdin."""
    key_file: Path | None


def list_store(shell: Shell, arguments: StoreArguments) -> StoreContents:
    with _at_work(shell, arguments) as (resources, telling, task):
        found = contents(resources, task)
        for told in found.told:
            telling.say(told)
        return found


def restore_from_store(shell: Shell, arguments: StoreArguments, wish: StoreWish) -> StoreRestored:
    with _at_work(shell, arguments) as (resources, telling, task):
        return restore(resources, wish, telling.say, task)


@contextmanager
def _at_work(shell: Shell, arguments: StoreArguments) -> Iterator[tuple[Resources, Telling, Task]]:
    """Ctrl-C leaves nothing: neither in the target nor elsewhere."""
    url = read_store_url(shell, arguments.url)
    with at_work(shell) as (telling, task):
        made = temporary_resources(
            url, arguments.key_file, shell.environ, shell.clock, task.cancellation
        )
        with made as resources:
            yield resources, telling, task
