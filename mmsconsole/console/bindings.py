"""The registry's keys as Textual bindings; the footer is ours, so none are shown."""

from textual.binding import Binding, BindingType

from mmsconsole.console.actions import actions_in


def bindings_for(view: str) -> list[BindingType]:
    return [
        Binding(",".join(action.keys), f"act('{action.id}')", action.help, show=False)
        for action in actions_in(view)
    ]
