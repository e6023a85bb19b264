"""What was restored, beside what the head held at that optime. Pure."""

from collections.abc import Iterator, Mapping

from mmsconsole.metadata.witnesses import UNCOUNTED, Witnessed


def differences(held: Mapping[str, Witnessed], restored: Mapping[str, Witnessed]) -> list[str]:
    """One sentence for each thing that is not as the head held it.

    What the head had no time to hash or count, or was not looked at in what was restored, is not
    compared.
    """
    found = []
    for ns in sorted(held.keys() | restored.keys()):
        before, after = held.get(ns), restored.get(ns)
        if before is None:
            found.append(f"{ns} was not in the head")
        elif after is None:
            found.append(f"{ns} is missing")
        else:
            found += [f"{ns}: {said}" for said in _unlike(before, after)]
    return found


def _unlike(before: Witnessed, after: Witnessed) -> Iterator[str]:
    if before.kind != after.kind:
        yield f"it was a {before.kind} in the head, and is a {after.kind}"
    if before.uuid != after.uuid:
        yield "its UUID is another one"
    if before.options != after.options:
        yield "its options differ"
    if before.indexes != after.indexes:
        yield "its indexes differ"
    counted = UNCOUNTED not in (before.documents, after.documents)
    if counted and before.documents != after.documents:
        yield f"{before.documents} documents in the head, {after.documents} restored"
    elif before.md5 and after.md5 and before.md5 != after.md5:
        yield "its documents differ"


def not_compared(held: Mapping[str, Witnessed]) -> list[str]:
    """Of which collections the documents were not compared, and what was. By namespace."""
    found = []
    for ns, one in sorted(held.items()):
        if one.kind == "collection" and not one.md5:
            counted = "" if one.documents == UNCOUNTED else "count, "
            found.append(f"{ns}: only its {counted}options and indexes were compared")
    return found
