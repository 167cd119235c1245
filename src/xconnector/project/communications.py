"""A communication's file into the kind of communication it describes."""

from xconnector.domain.trigger.rules import Urgency
from xconnector.project.condition import Condition
from xconnector.project.condition_proof import refuse_failing
from xconnector.project.condition_text import ConditionSpellingError, parse_condition
from xconnector.project.data_contract import ContractSpellingError, DataContract, parse_contract
from xconnector.project.files import CommunicationShape, TableChoiceShape
from xconnector.project.findings import Finding
from xconnector.project.model import ArchiveChoice, CommunicationKind, TableChoice, TemplateChoice
from xconnector.project.routing import NO_REVIEW
from xconnector.project.trigger_file import TriggerShape
from xconnector.project.trigger_rules import Calendars, rules_of, wanted
from xconnector.project.yaml_file import YamlFile


def communication_of(
    name: str, shaped: CommunicationShape, file: YamlFile, calendars: Calendars
) -> tuple[CommunicationKind | None, list[Finding]]:
    """Return the kind of communication with what is wrong with its trigger, or None where its contract is wrong."""
    try:
        contract = parse_contract(dict(shaped.data))
    except ContractSpellingError as wrong:
        where = ".".join(str(part) for part in ("data", *wrong.at))
        return None, [file.finding(("data", *wrong.at), f"`{where}` is no type of a field", str(wrong))]
    condition, wrong_condition = _condition(shaped.on, contract, file)
    rules, wrong_rules = rules_of(shaped.on, file, calendars)
    kind = CommunicationKind(
        name=name,
        title=dict(shaped.title),
        event=shaped.on.event,
        where=wanted(shaped.on.where),
        condition=condition,
        template=TemplateChoice(composer=shaped.template.composer, name=shaped.template.name),
        category=shaped.category,
        promotional=shaped.promotional,
        needs_fresh=dict(shaped.needs_fresh),
        contract=contract,
        route=shaped.route,
        review=None if shaped.review == NO_REVIEW else _chosen(shaped.review),
        archive=ArchiveChoice(connection=shaped.archive.connection, record_class=_chosen(shaped.archive.record_class)),
        rules=rules,
        urgency=Urgency(shaped.on.priority),
        print_options=None if shaped.print_options is None else TableChoice(table=shaped.print_options.table),
        share_envelope=shaped.share_envelope,
    )
    return kind, [*wrong_condition, *wrong_rules]


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
