"""Governance of decision tables: who may say what of a version, and whether only approved versions decide."""

from collections.abc import Iterator

from xconnector.domain.decision.versions import Act
from xconnector.project.files import TablesShape
from xconnector.project.findings import Finding, named_like
from xconnector.project.model import Governance
from xconnector.project.yaml_file import YamlFile

_ROLES = ("approved_by", "proposed_by")
_NEEDS_NO_ROLE = frozenset({Act.WITHDRAWN})
"""Who proposed a version may always take it back."""


def governance_of(shaped: TablesShape | None) -> Governance | None:
    """Return what `tables:` says; None where the project says nothing of it."""
    if shaped is None:
        return None
    return Governance(approved_by=shaped.approved_by, proposed_by=shaped.proposed_by, is_on=shaped.governed)


def role_for(act: Act, governance: Governance) -> str | None:
    """Return the role that an act needs; None where everybody among `people` may."""
    if act in _NEEDS_NO_ROLE:
        return None
    return governance.proposed_by if act is Act.PROPOSED else governance.approved_by


def unknown_roles(file: YamlFile, roles: frozenset[str]) -> Iterator[Finding]:
    """Yield every role of `tables:` that nobody has."""
    content = file.content.get("tables") if isinstance(file.content, dict) else None
    for setting in _ROLES:
        role = content.get(setting) if isinstance(content, dict) else None
        if isinstance(role, str) and role not in roles:
            yield file.finding(("tables", setting), f"nobody has the role {role!r}", named_like(role, roles))
