"""What the process of a console ends with."""

from pathlib import Path

import pytest

from mmsconsole.console.app import MmsConsole, run_console
from mmsconsole.settings import HOME, load_settings
from tests.support.fake_operations import rich_scene


@pytest.mark.parametrize("code", [0, 1])
def test_a_console_that_failed_does_not_end_as_if_it_had_been_quit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int
) -> None:
    def run(app: MmsConsole, **_: object) -> None:
        """As Textual's own after an exception: nothing is raised, and nothing answered."""
        app._return_code = code

    monkeypatch.setattr(MmsConsole, "run", run)
    settings = load_settings({HOME: str(tmp_path)})
    ended = run_console(rich_scene(), settings, started_engine=False, stop_engine=lambda: None)
    assert ended == code
