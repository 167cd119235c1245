"""The portal's words, in the languages that it speaks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the pages say, in one language."""

    language: str
    your_documents: str
    documents_of: str
    """With `{name}`, the sender."""
    new_first: str
    no_documents: str
    opens_pdf: str
    only_newest: str
    """With `{number}`."""
    link_until: str
    """With `{time}`."""
    keep_private: str
    questions: str
    phone: str
    email: str
    expired_title: str
    expired: str
    unknown_title: str
    unknown: str
    ask: str
    later_title: str
    later: str
    unsubscribe_title: str
    unsubscribe: str
    unsubscribe_button: str
    unsubscribed_title: str
    unsubscribed: str


GERMAN = Words(
    language="de",
    your_documents="Ihre Dokumente",
    documents_of="Dokumente von {name}",
    new_first="Das neueste steht oben.",
    no_documents="Hier liegt noch kein Dokument für Sie.",
    opens_pdf="PDF öffnen",
    only_newest="Gezeigt werden die {number} neuesten Dokumente.",
    link_until="Dieser Link gilt bis zum {time}.",
    keep_private="Geben Sie ihn nicht weiter: Wer ihn hat, kann diese Dokumente sehen.",
    questions="Fragen?",
    phone="Telefon",
    email="E-Mail",
    expired_title="Dieser Link ist abgelaufen",
    expired="Zu Ihrem Schutz gelten Links zu Ihren Dokumenten nur eine begrenzte Zeit.",
    unknown_title="Diese Seite gibt es nicht",
    unknown="Der Link ist unvollständig, oder er wurde auf dem Weg zu Ihnen verändert.",
    ask="Bitten Sie uns um einen neuen Link.",
    later_title="Im Moment nicht erreichbar",
    later="Nichts ist verloren. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    unsubscribe_title="Keine Werbung mehr?",
    unsubscribe="Wir schicken Ihnen dann keine Werbung mehr per E-Mail. Was Ihre Verträge betrifft, kommt weiter.",
    unsubscribe_button="Abmelden",
    unsubscribed_title="Sie sind abgemeldet",
    unsubscribed="Wir schicken Ihnen keine Werbung mehr per E-Mail. Was Ihre Verträge betrifft, kommt weiter.",
)
ENGLISH = Words(
    language="en",
    your_documents="Your documents",
    documents_of="Documents from {name}",
    new_first="Newest first.",
    no_documents="There is no document for you here yet.",
    opens_pdf="Open PDF",
    only_newest="The {number} newest documents are shown.",
    link_until="This link is valid until {time}.",
    keep_private="Do not pass it on: whoever has it can see these documents.",
    questions="Questions?",
    phone="Phone",
    email="E-mail",
    expired_title="This link has expired",
    expired="To protect you, links to your documents are valid for a limited time.",
    unknown_title="There is no such page",
    unknown="The link is incomplete, or it was changed on its way to you.",
    ask="Please ask us for a new link.",
    later_title="Not available at the moment",
    later="Nothing is lost. Please try again in a few minutes.",
    unsubscribe_title="No more offers?",
    unsubscribe="We will send you no more offers by e-mail. You still get what belongs to your contracts.",
    unsubscribe_button="Unsubscribe",
    unsubscribed_title="You are unsubscribed",
    unsubscribed="We will send you no more offers by e-mail. You still get what belongs to your contracts.",
)
FRENCH = Words(
    language="fr",
    your_documents="Vos documents",
    documents_of="Documents de {name}",
    new_first="Les plus récents en premier.",
    no_documents="Il n’y a pas encore de document pour vous ici.",
    opens_pdf="Ouvrir le PDF",
    only_newest="Les {number} documents les plus récents sont affichés.",
    link_until="Ce lien est valable jusqu’au {time}.",
    keep_private="Ne le transmettez pas\u00a0: toute personne qui le possède peut voir ces documents.",
    questions="Des questions\u00a0?",
    phone="Téléphone",
    email="E-mail",
    expired_title="Ce lien a expiré",
    expired="Pour votre protection, les liens vers vos documents ne sont valables que pour une durée limitée.",
    unknown_title="Cette page n’existe pas",
    unknown="Le lien est incomplet, ou il a été modifié en chemin.",
    ask="Demandez-nous un nouveau lien.",
    later_title="Indisponible pour le moment",
    later="Rien n’est perdu. Veuillez réessayer dans quelques minutes.",
    unsubscribe_title="Plus d’offres\u00a0?",
    unsubscribe="Nous ne vous enverrons plus d’offres par e-mail. Ce qui touche vos contrats vous parvient toujours.",
    unsubscribe_button="Se désabonner",
    unsubscribed_title="Vous êtes désabonné",
    unsubscribed="Nous ne vous enverrons plus d’offres par e-mail. Ce qui touche vos contrats vous parvient toujours.",
)
WORDS: Mapping[str, Words] = {words.language: words for words in (GERMAN, ENGLISH, FRENCH)}


def words_for(languages: Iterable[str]) -> Words:
    """Return the words in the first of these languages that the portal speaks, else in English.

    Languages are BCP 47 tags; `de-AT` is German.
    """
    for language in languages:
        words = WORDS.get(language.strip().lower().partition("-")[0])
        if words is not None:
            return words
    return ENGLISH


def preferred(accept_language: str) -> list[str]:
    """Return the languages of an Accept-Language field (RFC 9110, section 12.5.4), the preferred first."""
    weighed = [_weighed(part) for part in accept_language[:1000].split(",")]
    return [language for weight, language in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weighed(part: str) -> tuple[float, str]:
    language, _, weight = part.strip().partition(";")
    try:
        return float(weight.strip().removeprefix("q=") or 1), language.strip()
    except ValueError:
        return 0, language.strip()
