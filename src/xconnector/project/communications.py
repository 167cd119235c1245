"""A communication's file into the kind of communication it describes."""

from collections.abc import Mapping

from xconnector.domain.record_path import text_of
from xconnector.project.condition import Condition
from xconnector.project.condition_proof import refuse_failing
from xconnector.project.condition_text import ConditionSpellingError, parse_condition
from xconnector.project.data_contract import ContractSpellingError, DataContract, parse_contract
from xconnector.project.files import CommunicationShape, TableChoiceShape, TriggerShape
from xconnector.project.findings import Finding
from xconnector.project.model import ArchiveChoice, CommunicationKind, TableChoice, TemplateChoice
from xconnector.project.routing import NO_REVIEW
from xconnector.project.yaml_file import YamlFile


def communication_of(
    name: str, shaped: CommunicationShape, file: YamlFile
) -> tuple[CommunicationKind | None, list[Finding]]:
    """Return the kind of communication with what is wrong with its condition, or None where its contract is wrong."""
    try:
        contract = parse_contract(dict(shaped.data))
    except ContractSpellingError as wrong:
        where = ".".join(str(part) for part in ("data", *wrong.at))
        return None, [file.finding(("data", *wrong.at), f"`{where}` is no type of a field", str(wrong))]
    condition, wrong_condition = _condition(shaped.on, contract, file)
    kind = CommunicationKind(
        name=name,
        title=dict(shaped.title),
        event=shaped.on.event,
        where=_where(shaped.on),
        condition=condition,
        template=TemplateChoice(composer=shaped.template.composer, name=shaped.template.name),
        category=shaped.category,
        promotional=shaped.promotional,
        contract=contract,
        route=shaped.route,
        review=None if shaped.review == NO_REVIEW else _chosen(shaped.review),
        archive=ArchiveChoice(connection=shaped.archive.connection, record_class=_chosen(shaped.archive.record_class)),
        print_options=None if shaped.print_options is None else TableChoice(table=shaped.print_options.table),
    )
    return kind, wrong_condition


def _chosen(said: str | TableChoiceShape) -> str | TableChoice:
    return said if isinstance(said, str) else TableChoice(table=said.table)


def _condition(trigger: TriggerShape, contract: DataContract, file: YamlFile) -> tuple[Condition | None, list[Finding]]:
    """Return the condition, proven; None where there is none, or with what is wrong with it."""
    if trigger.condition is None:
        return None, []
    try:
        condition = parse_condition(trigger.condition, contract.fields)
        refuse_failing(condition)
    except ConditionSpellingError as wrong:
        return None, [file.finding(("on", "condition"), str(wrong), wrong.remedy)]
    return condition, []


def _where(trigger: TriggerShape) -> Mapping[str, frozenset[str]]:
    """Return the wanted values as text, as which mapped data is compared."""
    return {
        name: frozenset(
            text for value in (wanted if isinstance(wanted, tuple) else (wanted,)) if (text := text_of(value))
        )
        for name, wanted in trigger.where.items()
    }
