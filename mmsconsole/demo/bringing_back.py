"""What was lost goes back into what runs, under its own name, and is compared."""

from dataclasses import replace

from mmsconsole.demo.accident import Accident
from mmsconsole.demo.narrator import Step
from mmsconsole.demo.restores import restored
from mmsconsole.demo.scene import NAME, Scene
from mmsconsole.demo.workload import DATABASE
from mmsconsole.errors import MmsError
from mmsconsole.metadata.targets import Selection, Target, TargetKind
from mmsconsole.mongod.fingerprint import Fingerprint, differences, fingerprint
from mmsconsole.operations.views import RestoreView


def bring_back(scene: Scene, accident: Accident, point: str, step: Step) -> RestoreView:
    """A live restore of the one collection. Raises MmsError when it is not what it was."""
    restore = restored(
        scene, step, Target(TargetKind.LIVE, deployment=NAME), at=point,
        selection=Selection(namespaces=(accident.namespace,), users=False),
    )  # fmt: skip
    now = fingerprint(scene.client, [DATABASE])
    found = differences(_alone(accident.state, accident), _alone(now, accident))
    if found:
        raise MmsError(f"it is not what it was: {'; '.join(found)}", where=accident.namespace)
    step.done(f"equal; {accident.namespace} is in the running set again")
    return restore


def _alone(state: Fingerprint, accident: Accident) -> Fingerprint:
    """The one collection, without its UUID: a deployment gives its own."""
    namespaces = state.namespaces.items()
    return Fingerprint(
        {ns: replace(one, uuid="") for ns, one in namespaces if ns == accident.namespace}
    )
