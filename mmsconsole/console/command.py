"""What is typed after `:`, read: a word of the registry and at most one argument."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from mmsconsole.console.actions import REGISTRY, Action, action_of
from mmsconsole.errors import UsageError


@dataclass(frozen=True, slots=True)
class Command:
    action: Action
    argument: str = ""


def parse(text: str, view: str) -> Command:
    """Raises UsageError: unknown word (with the nearest ones), or not here."""
    word, _, argument = text.strip().lstrip(":").strip().partition(" ")
    argument = argument.strip()
    named = [action for action in REGISTRY if word in action.words]
    if not named:
        raise UsageError(f"there is no command {word!r}", hint=_nearest(word))
    action = named[0]
    if argument and not action.argument:
        raise UsageError(f":{word} takes nothing after it")
    if not action.works_in(view) and not (argument and action.argument):
        raise UsageError(
            f":{word} does not work here", hint=f"it works in: {', '.join(action.views)}"
        )
    return Command(action, argument)


def _nearest(word: str) -> str:
    near = difflib.get_close_matches(word, all_words(), n=3, cutoff=0.5)
    return f"perhaps {' or '.join(':' + each for each in near)}" if near else "? shows all commands"


def all_words() -> list[str]:
    return [word for action in REGISTRY for word in action.words]


def completions(deployments: Sequence[str], themes: Sequence[str]) -> list[str]:
    """Everything that could be meant, shortest first, for completing while typing."""
    named = {"deployment": deployments, "theme": themes, "": ()}
    whole = [f"{word} {name}" for word in all_words() for name in named[action_for(word).argument]]
    return [*all_words(), *whole]


def action_for(word: str) -> Action:
    return action_of(next(action.id for action in REGISTRY if word in action.words))


def rank(query: str, candidates: Sequence[Action]) -> list[Action]:
    """Palette: every word of the query must occur in the action's texts, in any order."""
    parts = query.casefold().split()

    def text(action: Action) -> str:
        return " ".join((*action.words, action.label, action.help)).casefold()

    found = [action for action in candidates if all(part in text(action) for part in parts)]
    return sorted(found, key=lambda action: 0 if _begins(action, parts) else 1)


def _begins(action: Action, parts: Sequence[str]) -> bool:
    return bool(parts) and any(word.startswith(parts[0]) for word in (*action.words, action.label))
