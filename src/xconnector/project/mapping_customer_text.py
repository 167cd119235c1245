"""Reads what a mapping says of the customer beside values: `verified`, `missing` with `on_missing`, and `deleted`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from xconnector.domain.customer import POSTAL_FIELDS
from xconnector.domain.path_emptiness import emptiness_at
from xconnector.domain.strict_json import Json
from xconnector.domain.survivorship import ADDRESS
from xconnector.project.findings import Finding, named_like
from xconnector.project.mapping_customer import NOTHING_SAID, CustomerWord, OnMissing, Retraction
from xconnector.project.mapping_paths import paths_of
from xconnector.project.mapping_source import Source, constant
from xconnector.project.yaml_file import Place, YamlFile

CUSTOMER_WORDS = ("verified", "missing", "deleted")
"""Keys at the top of a mapping."""
_WORDS = tuple(word.value for word in OnMissing)
_FIELDS = "customer_fields"
_ALWAYS = Source(told="verified", take=constant(value=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWordReading:
    """Reads one mapping file, whose findings somebody else gathers."""

    file: YamlFile
    findings: list[Finding] = field(repr=False)
    """What is wrong with it, to which this adds."""
    source: Callable[[Json, Place], Source]
    """Reads a source."""

    def read(self, content: Mapping[str, Json]) -> CustomerWord:
        spelled = content.get(_FIELDS)
        fields = spelled if isinstance(spelled, dict) else {}
        verified = self._verified(content.get("verified"), fields)
        deleted = self.source(content["deleted"], ("deleted",)) if "deleted" in content else None
        retractions = self._retractions(fields, self._on_missing(content.get("missing"), ("missing",)))
        if not verified and not retractions and deleted is None:
            return NOTHING_SAID
        return CustomerWord(verified=verified, retractions=retractions, deleted=deleted)

    def _find(self, place: Place, message: str, remedy: str) -> None:
        self.findings.append(self.file.finding(place, message, remedy))

    def _verified(self, spelled: Json, fields: Collection[str]) -> Mapping[str, Source]:
        if isinstance(spelled, dict):
            named = {name: self.source(one, ("verified", name)) for name, one in spelled.items()}
        elif spelled is None or isinstance(spelled, list):
            named = {name: _ALWAYS for name in spelled or () if isinstance(name, str)}
            if len(named) != len(spelled or ()):
                self._find(("verified",), "`verified` names each field once", "write `verified: [email, address]`")
        else:
            remedy = "write `verified: [email]`, or `verified: {email: <path to what is true>}`"
            self._find(("verified",), "`verified` names no fields", remedy)
            return {}
        return self._of_parts(named, fields)

    def _of_parts(self, named: Mapping[str, Source], fields: Collection[str]) -> Mapping[str, Source]:
        """Return sources by fields of the mapping, with each part in place of the address."""
        found: dict[str, Source] = {}
        for name, source in named.items():
            parts = [part for part in POSTAL_FIELDS if part in fields] if name == ADDRESS else [name]
            if not parts or (name != ADDRESS and name not in fields):
                message = f"`verified` names {name!r}, of which `{_FIELDS}` says nothing"
                known = [*fields, *([ADDRESS] if any(part in fields for part in POSTAL_FIELDS) else ())]
                self._find(("verified", name), message, f"add it there, or {named_like(name, known)}")
            found |= dict.fromkeys(parts, source)
        return found

    def _retractions(self, fields: Mapping[str, Json], otherwise: OnMissing) -> Mapping[str, Retraction]:
        found: dict[str, Retraction] = {}
        for name, spelled in fields.items():
            own = spelled.get("on_missing") if isinstance(spelled, dict) else None
            place = (_FIELDS, name, "on_missing")
            meant = otherwise if own is None else self._on_missing(own, place)
            # Sources that are wrong were told of already.
            if meant is not OnMissing.KEEP and not self.findings:
                retraction = self._retraction(spelled, (_FIELDS, name), by_absence=meant is OnMissing.RETRACT_ABSENT)
                if own is not None and not retraction.by_absence and not retraction.says_empty:
                    remedy = f"write `on_missing: {OnMissing.RETRACT_ABSENT.value}`, or a path"
                    self._find(place, f"no path tells whether {name!r} is null or not there", remedy)
                found[name] = retraction
        return found

    def _retraction(self, spelled: Json, place: Place, *, by_absence: bool) -> Retraction:
        return Retraction(
            strictly=self.source(_strictly(spelled), place),
            says_empty=[emptiness_at(path) for path in paths_of(spelled)],
            by_absence=by_absence,
        )

    def _on_missing(self, spelled: Json, place: Place) -> OnMissing:
        if spelled is None:
            return OnMissing.KEEP
        if spelled not in _WORDS:
            words = ", ".join(_WORDS)
            self._find(place, f"`{place[-1]}` is one of {words}", f"write `{place[-1]}: {OnMissing.RETRACT.value}`")
            return OnMissing.KEEP
        return OnMissing(spelled)


def _strictly(spelled: Json) -> Json:
    """Return a source without leave to count as missing what cannot be read."""
    if isinstance(spelled, list):
        return [_strictly(one) for one in spelled]
    if not isinstance(spelled, dict):
        return spelled
    # What a transform or a constant holds is no source.
    return {
        key: one if key in {"then", "const", "default"} else _strictly(one)
        for key, one in spelled.items()
        if key not in {"on_error", "required"}
    }
