"""The registry's keys as Textual bindings; the footer is ours, so none are shown.

They are priority bindings of the screen: keys are then handled in the order in which they come,
also when a slow link delivers many at once. Handed to a widget first, what is typed ahead
overtakes the change of focus that it was meant for.
"""

from textual.binding import Binding, BindingType

from mmsconsole.console.actions import actions_in

FIELD_KEYS = frozenset({"escape", "enter", "tab", "ctrl+p", "ctrl+q"})
"""What stays ours while a field is typed in; all other keys are the field's."""


def bindings_for(*views: str) -> list[BindingType]:
    """Of two actions with one key, the one of the earlier view comes first."""
    return [
        Binding(key, f"act('{action.id}', '{key}')", action.help, show=False, priority=True)
        for view in views
        for action in actions_in(view)
        for key in action.keys
    ]
