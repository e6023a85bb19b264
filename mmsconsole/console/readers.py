"""What each view asks, of all rooms of the console."""

from mmsconsole.console import alert_state, monitor_state, state

READERS: dict[str, state.Reader] = {
    **state.READERS, **alert_state.READERS, **monitor_state.READERS,
}  # fmt: skip
