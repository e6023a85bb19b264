"""The policy editor as a value: every key gives a new one. No screen, no engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmsconsole.errors import UsageError
from mmsconsole.operations.policy_views import PolicyView
from mmsconsole.policy.policy import (
    DAILY,
    DOMAINS,
    INTERVALS,
    SnapshotPolicy,
    Verify,
    check_value,
)

Changes = Mapping[str, Any]
"""Keys with their new values; None: inherited again."""

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "interval_minutes": INTERVALS,
    "daily": DAILY,
    "verify": tuple(each.value for each in Verify),
    "zone": (),
}
"""Of keys that do not take every number; nothing to step through: it is typed."""


@dataclass(frozen=True, slots=True)
class PolicyEditor:
    view: PolicyView
    """As it is saved."""
    changes: Changes = field(default_factory=dict)
    """Only such as change something."""

    @property
    def owner(self) -> str:
        """Who decides what is decided here."""
        return "deployment" if self.view.deployment else "group"

    @property
    def name(self) -> str | None:
        """What Operations calls it by; None: the group's policy."""
        return self.view.deployment or None

    @property
    def policy(self) -> SnapshotPolicy:
        """As it would be: unchecked."""
        return self.view.policy.overlaid(
            {
                key: getattr(self.view.inherited, key) if value is None else value
                for key, value in self.changes.items()
            }
        )

    @property
    def problem(self) -> UsageError | None:
        """Why it can not be saved: values that do not go together."""
        try:
            self.policy.checked()
        except UsageError as error:
            return error
        return None

    def value(self, key: str) -> Any:
        return getattr(self.policy, key)

    def source(self, key: str) -> str:
        """Who would decide it: deployment, group or settings."""
        if key not in self.changes:
            return self.view.decided_by[key]
        if self.changes[key] is not None:
            return self.owner
        return "above" if self.owner == "deployment" else "settings"

    def is_own(self, key: str) -> bool:
        """Whether it is decided here, and could be inherited again."""
        return self.source(key) == self.owner

    def with_value(self, key: str, value: Any) -> "PolicyEditor":
        """Raises UsageError for a value that the key can not have."""
        check_value(key, value)
        saved = self.view.decided_by[key] == self.owner and self.view_value(key) == value
        return self._changed(key, value, drop=saved)

    def with_text(self, key: str, text: str) -> "PolicyEditor":
        """As typed; what stands there already is no change. Raises UsageError."""
        value = _read(key, text.strip())
        return self if value == self.value(key) else self.with_value(key, value)

    def inheriting(self, key: str) -> "PolicyEditor":
        return self._changed(key, None, drop=self.view.decided_by[key] != self.owner)

    def undone(self, key: str) -> "PolicyEditor":
        return self._changed(key, None, drop=True)

    def stepped(self, key: str, direction: int) -> "PolicyEditor":
        """To the next smaller (-1) or greater (1) value that is allowed; at an end it stays."""
        value = self.value(key)
        found = self._neighbour(key, value, direction)
        return self if found is None else self.with_value(key, found)

    def view_value(self, key: str) -> Any:
        return getattr(self.view.policy, key)

    def seen(self, view: PolicyView) -> "PolicyEditor":
        """The same changes of what is saved by now, without those that somebody has made."""
        editor = PolicyEditor(view)
        for key, value in self.changes.items():
            editor = editor.inheriting(key) if value is None else editor.with_value(key, value)
        return editor

    def _changed(self, key: str, value: Any, *, drop: bool) -> "PolicyEditor":
        kept = {each: old for each, old in self.changes.items() if each != key}
        return replace(self, changes=kept if drop else {**kept, key: value})

    def _neighbour(self, key: str, value: Any, direction: int) -> Any:
        choices = CHOICES.get(key)
        if choices is None:
            found = value + direction
            return found if DOMAINS[key].allows(found) else None
        if isinstance(value, str):
            place = choices.index(value) + direction if value in choices else -1
            return choices[place] if 0 <= place < len(choices) else None
        beyond = [each for each in choices if (each - value) * direction > 0]
        return min(beyond, key=lambda each: abs(each - value), default=None)


def _read(key: str, text: str) -> Any:
    if DOMAINS[key].kind is str:
        return text
    try:
        return int(text)
    except ValueError as error:
        hint = f"{key} is {DOMAINS[key].says}"
        raise UsageError("not a whole number", where=text, hint=hint) from error
