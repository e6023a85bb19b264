"""All steps of one restore that is being thought of, and what was used in the last ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from mmsconsole.console.wizard.forms import Form
from mmsconsole.console.wizard.points import Choice, Pointing
from mmsconsole.console.wizard.what import everything, selection_of
from mmsconsole.console.wizard.where import (
    KINDS,
    PASSPHRASE,
    URI,
    Proposal,
    fresh,
    proposing,
    remembered,
    target_of,
)
from mmsconsole.errors import MmsError, OutsideWindow, SelectionRefused
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.operations.views import RestorePoint
from mmsconsole.restore.delivery.choosing import delivery_class
from mmsconsole.restore.selecting import check_selection
from mmsconsole.secret import Secret


class Step(IntEnum):
    POINT = 1
    WHAT = 2
    KIND = 3
    FIELDS = 4
    REVIEW = 5
    RUN = 6


FORMS = (Step.WHAT, Step.FIELDS)


@dataclass(frozen=True, slots=True)
class Habits:
    """What was used last in this session; nothing secret."""

    kind: TargetKind = TargetKind.FOLDER
    forms: Mapping[TargetKind, Form] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What Operations is asked for."""

    choice: Choice
    target: Target
    selection: Selection
    secret: Secret | None


@dataclass(frozen=True, slots=True)
class Draft:
    pointing: Pointing
    what: Form = field(default_factory=everything)
    kind: TargetKind = TargetKind.FOLDER
    forms: Mapping[TargetKind, Form] = field(default_factory=dict)
    """By kind, so that a look at another loses nothing."""
    step: Step = Step.POINT
    point: RestorePoint | None = None
    """As the engine took it; None: not asked yet."""

    @property
    def where(self) -> Form:
        return self.forms.get(self.kind) or fresh(self.kind)

    @property
    def form(self) -> Form | None:
        """Of the step."""
        return {Step.WHAT: self.what, Step.FIELDS: self.where}.get(self.step)

    def pointed(self, pointing: Pointing) -> "Draft":
        return replace(self, pointing=pointing)

    def at(self, step: Step) -> "Draft":
        return replace(self, step=step)

    def taken(self, point: RestorePoint) -> "Draft":
        return replace(self, point=point)

    def chosen(self, kind: TargetKind) -> "Draft":
        return replace(self, kind=kind)

    def next_kind(self, by: int) -> "Draft":
        place = KINDS.index(self.kind)
        return self.chosen(KINDS[(place + by) % len(KINDS)])

    def with_form(self, form: Form) -> "Draft":
        if self.step == Step.WHAT:
            return replace(self, what=form)
        return replace(self, forms={**self.forms, self.kind: form})

    def proposing(self, proposal: Proposal) -> "Draft":
        form = proposing(self.where, self.kind, proposal)
        return replace(self, forms={**self.forms, self.kind: form})

    def public(self) -> "Draft":
        """As it may be kept: without what is secret."""
        return replace(self, forms={kind: form.public() for kind, form in self.forms.items()})

    def habits(self, before: Habits) -> Habits:
        """Once it was started."""
        kept = remembered(self.where)
        return Habits(self.kind, {**before.forms, self.kind: kept})

    def asked(self) -> Asked:
        """Raises UsageError, Refused."""
        selection = selection_of(self.what)
        target = target_of(self.kind, self.where)
        check_selection(selection, logical=delivery_class(target).logical)
        return Asked(self.pointing.choice, target, selection, self._secret())

    def _secret(self) -> Secret | None:
        key = {TargetKind.LIVE: URI, TargetKind.SSH: PASSPHRASE}.get(self.kind, "")
        return self.where.secret(key)


def new_draft(pointing: Pointing, habits: Habits) -> Draft:
    return Draft(pointing, kind=habits.kind, forms=habits.forms)


def step_of(error: MmsError) -> Step:
    """Where what was refused is mended."""
    if isinstance(error, OutsideWindow):
        return Step.POINT
    return Step.WHAT if isinstance(error, SelectionRefused) else Step.FIELDS
