"""People of a project: who may say something about documents that wait for a role."""

from collections.abc import Mapping

from xconnector.project.model import Person


def why_not(people: Mapping[str, Person], name: str, role: str) -> str | None:
    """Return why a person may not act in a role, in words for that person; None where they may."""
    person = people.get(name)
    if person is None:
        return f"{name!r} is not among `people` in xconnector.yaml"
    if role not in person.roles:
        return f"this needs somebody with the role {role!r}, which {name} does not have"
    return None
