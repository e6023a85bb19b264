"""The console in a real pseudo terminal: its budget of bytes, its keys, its ways to end."""

from pathlib import Path

import pytest

from tests.support.console_terminal import ConsoleTerminal

ENTER, ESCAPE, LEFT, UP, TAB = "\r", "\x1b", "\x1b[D", "\x1b[A", "\t"
CELL_BYTES_MAX = 150
NEW_POINT_BYTES_MAX = 800


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("", ""), ("2", "orders "), ("3", "orders "), ("7", "14 kept"), ("8", "9.2 GB living")],
    ids=["overview", "deployment", "snapshots", "policy", "stores"],
)
def test_an_idle_console_sends_nothing(home: Path, keys: str, shown: str) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("DEPLOYMENT")
        if keys:
            terminal.press_until(keys, shown)
        terminal.until_quiet(refreshes=3)


def test_alerts_that_stay_as_they_are_send_nothing(home: Path) -> None:
    """Neither their page nor the badge."""
    with ConsoleTerminal("alerted", home=home) as terminal:
        terminal.until("alerts: 3 open")
        terminal.press_until("A", "pay-2:27017 is 14 min behind")
        terminal.until_quiet(refreshes=3)


def test_one_changed_cell_costs_less_than_150_bytes(home: Path, tmp_path: Path) -> None:
    """Fails as well when Textual begins to repaint more than it is asked for."""
    bump = tmp_path / "bump"
    with ConsoleTerminal("rich", "--bump", str(bump), home=home) as terminal:
        terminal.until("in sync")

        def cost(seconds: int) -> int:
            """Of one change, and of whatever the machine had kept back until then."""
            terminal.until_quiet()
            terminal.sent = 0
            bump.write_text("x" * (seconds - 2))
            terminal.until(f" {seconds}s ")
            terminal.until_quiet()
            return terminal.sent

        assert any(0 < cost(seconds) < CELL_BYTES_MAX for seconds in (7, 8, 9))


def test_an_idle_chart_sends_nothing_and_a_new_point_repaints_its_own_cells_alone(
    home: Path, tmp_path: Path
) -> None:
    """Of three members: the ends of their curves, and their newest values."""
    bump = tmp_path / "bump"
    with ConsoleTerminal("rich", "--bump", str(bump), home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("F", "46.6/s")
        terminal.until_quiet(refreshes=3)

        def cost() -> int:
            bump.unlink(missing_ok=True)
            terminal.press_until("r", "46.6/s")
            terminal.until_quiet()
            terminal.sent = 0
            bump.write_text("x")
            terminal.press_until("r", "50.0/s")
            terminal.until_quiet()
            return terminal.sent

        assert any(0 < cost() < NEW_POINT_BYTES_MAX for _ in range(3))


def test_the_restore_wizard_in_a_real_terminal(home: Path) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("R", "or type it")
        terminal.press_until(LEFT, "2026-07-16 10:52:24Z")
        terminal.press_until(UP, "the snapshot of 2026-07-16 05:59:57Z, as it is")
        terminal.press_until("l", "and 1h 12m of stored oplog")
        terminal.press_until(ENTER, "Databases and collections; empty: everything.")
        terminal.press_until(ENTER, "▸ f  a folder")
        terminal.press_until(ENTER, "It must not exist yet")
        terminal.press_until(ENTER, "● enough")
        terminal.press_until(ESCAPE, "It must not exist yet")
        terminal.press_until(ENTER, "● enough")
        terminal.press_until(ENTER, "restore r-new")
        terminal.press_until(ESCAPE, "DEPLOYMENT")
        terminal.press_until("5", "○ queued")
        terminal.press_until(ENTER, "the engine goes on")


def test_a_point_is_typed_and_a_wrong_one_told(home: Path) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("R", "or type it")
        terminal.press(TAB)
        terminal.press_until("2026-07-10T00:00:00Z", "2026-07-10T00:00:00Z")
        terminal.press_until(ENTER, "lies outside of what can be restored")
        terminal.until("From 2026-07-14T08:04:30Z")


def test_an_engine_that_goes_and_comes_is_told_by_a_banner(home: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    with ConsoleTerminal("rich", "--away", str(away), home=home) as terminal:
        terminal.until("in sync")
        away.touch()
        terminal.until("THE ENGINE IS AWAY")
        terminal.until("payments")
        away.unlink()
        terminal.until("● running")
        terminal.until_gone("AWAY")


def test_q_ends_and_gives_the_terminal_back(home: Path) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        terminal.press("q")
        rest = terminal.ended()
        assert "\x1b[?1049l" in rest
        assert rest.rstrip().endswith("engine left alone")
        assert terminal.child.exitstatus == 0


@pytest.mark.parametrize("nohup", [False, True], ids=["as it is", "begun by nohup"])
def test_a_lost_terminal_ends_it(home: Path, nohup: bool) -> None:
    with ConsoleTerminal("rich", home=home, nohup=nohup) as terminal:
        terminal.until("in sync")
        terminal.hang_up()


def test_an_engine_of_our_own_is_stopped_only_when_that_is_chosen(home: Path) -> None:
    with ConsoleTerminal("rich", "--started", home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("q", "Leave the engine running?")
        terminal.press("l")
        terminal.press(ENTER)
        assert terminal.ended().rstrip().endswith("engine stopped")


def test_no_color_sends_no_colour_at_all(home: Path) -> None:
    with ConsoleTerminal("rich", home=home, environ={"NO_COLOR": "1"}) as terminal:
        terminal.until("in sync")
        terminal.press_until("3", "DATA AS OF")
        terminal.until_quiet()
        assert b"38;5;" not in terminal.raw
        assert b"38;2;" not in terminal.raw
        assert b"48;" not in terminal.raw


def test_an_ascii_terminal_gets_ascii_alone(home: Path) -> None:
    environ = {"PYTHONIOENCODING": "ascii"}
    with ConsoleTerminal("rich", home=home, environ=environ) as terminal:
        terminal.until("* in sync")
        terminal.press_until("3", "DATA AS OF")
        terminal.press_until("B", "do nothing")
        terminal.until_quiet()
        assert terminal.raw.isascii()
        assert "\\u" not in terminal.text


def test_hostile_names_do_not_reach_the_terminal(home: Path) -> None:
    with ConsoleTerminal("hostile", home=home) as terminal:
        terminal.until("in sync")
        terminal.until_quiet()
        assert b"\x1b]0;owned" not in terminal.raw
        assert b"\x07[red]" not in terminal.raw


def test_keys_that_come_all_at_once_are_taken_in_their_order(home: Path) -> None:
    """As a slow link delivers them; a password must not land in the field before."""
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("jj" + ENTER, "mms › payments")
        terminal.press_until(":jobs" + ENTER, "JOB")
        terminal.press_until("1", "DEPLOYMENT  ")
        terminal.press_until("a", "Add a deployment")
        terminal.press_until("shop" + ENTER + "mongodb://u:s3cret@db1/", "mongodb://u:******@db1/")
        assert "shop\n" in "\n".join(line.rstrip() for line in terminal.screen.display)
        assert b"s3cret" not in terminal.raw


def test_a_value_typed_in_one_burst_is_the_one_that_is_taken(home: Path) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        terminal.press_until("7", "would be kept")
        terminal.press_until("jjjj" + ENTER + "\x7f" + "3" + ENTER, "1 change, not saved")
        terminal.until("1 snapshot would go")


def test_no_mouse_is_asked_for(home: Path) -> None:
    with ConsoleTerminal("rich", home=home) as terminal:
        terminal.until("in sync")
        assert b"\x1b[?1000h" not in terminal.raw
