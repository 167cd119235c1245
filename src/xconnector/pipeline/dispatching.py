"""Building dispatches: recipient, title and bytes of each communication under its dispatch key."""

from collections.abc import Sequence

import msgspec

from xconnector.contract.channel import Dispatch, Recipient
from xconnector.contract.errors import PermanentError
from xconnector.domain.routing.plan import ProofOfMailing
from xconnector.pipeline import renditions
from xconnector.pipeline.workplace import Workplace
from xconnector.store.communications import Standing

_recipients = msgspec.json.Decoder(Recipient)


def recipient_of(text: str) -> Recipient:
    """Return a recipient as it was frozen."""
    return _recipients.decode(text)


def proof_of(words: str | None) -> ProofOfMailing | None:
    """Return a proof of mailing as it was frozen."""
    return None if words is None else ProofOfMailing(words)


async def dispatches_of(
    place: Workplace, keyed: Sequence[tuple[Standing, str]], *, run: str | None
) -> list[Dispatch | PermanentError]:
    """Build one dispatch for each communication; an error in place of one whose document is damaged."""
    loaded = await renditions.load(place, [standing.communication_id for standing, _ in keyed])
    gone = PermanentError("its document is not in the content store; restore the store from its backup")
    return [
        build(place, standing, key, loaded.get(standing.communication_id, gone), run=run) for standing, key in keyed
    ]


def build(
    place: Workplace, standing: Standing, key: str, document: renditions.Document | PermanentError, *, run: str | None
) -> Dispatch | PermanentError:
    """Build one dispatch."""
    if isinstance(document, PermanentError):
        return document
    agreed = standing.agreed
    return Dispatch(
        dispatch_key=key,
        communication_id=standing.communication_id,
        communication=standing.name,
        title=standing.title,
        language=standing.language,
        promotional=place.is_promotional(standing.name),
        recipient=recipient_of(standing.recipient),
        renditions=document,
        run=run,
        proof=proof_of(agreed.of_hop(standing.hop).proof),
        print_options=agreed.print_options,
    )
