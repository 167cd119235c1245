"""By which words a mail is known for what it is. Each list is of alternatives, in any case, anywhere in the text."""

import re

BEGINNING_OF_A_LINE = r"^[>\s]{0,10}"
RULE = r"^ {0,40}[-=_*#|][-=_*#| ]{1,80}"


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE | re.MULTILINE)


# In From: mail systems call themselves so.
LAST_HOP = _any_of(
    r"mailer[-_. ]?daemon",
    r"mdaemon",
    r"postmaster",
    r"mail[-_. ]?delivery[-_. ](?:sub)?system",
    r"mail delivery service",
    r"delivery subsystem",
    r"mail administrator",
    r"mail[-_. ]?router",
    r"bounce-?notif",
    r"jetmail",
    r"microsoftexchange",
    r"mail (?:transport|transfer) (?:system|agent)",
)

# In the subject, or at the beginning of the text: a mail was given back, or is late.
GIVEN_BACK = _any_of(
    r"undeliver",
    r"not (?:be )?deliver",
    r"non-?deliver",
    r"delivery (?:status )?(?:notification|fail|error|problem|report|warning)",
    r"delivery has failed",
    r"returned (?:mail|to sender|e-?mail|message)",
    r"returning message",
    r"mail status report",
    r"(?:mail|message|e-?mail|sending|processing)(?: delivery)? (?:fail|error|return|bounce)",
    r"failure (?:notice|delivery|notification)",
    r"failed (?:mail|delivery|to deliver)",
    r"could ?n[o']t (?:be )?(?:deliver|send)",
    r"(?:can ?not|can't) be delivered",
    r"(?:automatically )?rejected (?:mail|message|e-?mail)",
    r"(?:mail|message|e-?mail) (?:was |has been )?(?:automatically )?rejected",
    r"message status",
    r"mail delayed",
    r"message delayed",
    r"delayed mail",
    r"unzustellbar",
    r"nicht (?:zugestellt|übermittelt)",
    r"unzugestellt",
    r"non (?:remis|distribu|délivr|delivr)",
    r"[eé]chec de (?:la )?(?:remise|distribution)",
    r"no se (?:ha podido|pudo) (?:entregar|enviar)",
    r"no entregado",
    r"devuelto",
    r"não (?:foi |p[ôo]de ser )?entregue",
    r"mancata consegna",
    r"non recapitat",
    r"onbestelbaar",
    r"недоставл",
    r"не доставлен",
    r"退信",
    r"送信できません",
)

# Beside these the mail is not given back yet …
STILL_TRYING = _any_of(
    r"will (?:continue|keep|be re-?tr|re-?try|try again|still)",
    r"will be (?:retried|attempted)",
    r"(?:keep|continuing to|continue to) try",
    r"attempts will continue",
    r"still (?:being )?(?:trying|tried|attempt)",
    r"not yet (?:been )?(?:deliver|able)",
    r"(?:message|delivery|mail) (?:is |has been |was |temporarily )?(?:delayed|deferred|postponed)",
    r"has been (?:delayed|postponed)",
    r"delivery delay",
    r"delayed mail",
    r"warning: (?:could not|message|unable)",
    r"(?:do not|don't) need to re-?send",
    r"no action is required",
    r"(?:warning (?:message )?only|just a warning)",
    r"noch nicht zugestellt",
)
# … unless it says that it is.
GAVE_UP = _any_of(
    r"no further (?:delivery )?attempt",
    r"will (?:not|no longer) (?:continue|keep|be retried|re-?try|try)",
    r"this is a permanent error",
    r"permanent(?:ly)? (?:fail|fatal)",
    r"delivery has failed",
)

# In the subject: a person is not there.
AWAY = _any_of(
    r"out of (?:the )?office",
    r"\booo\b",
    r"auto(?:matic|mated|m[áa]tic[ao]|mati(?:sche|sk|que))?[- ]?(?:reply|response|responder|antwort|svar|respuesta)",
    r"auto[- ]?re(?:ply|sponse|sponder)",
    r"(?:risposta|resposta|respuesta|r[ée]ponse) autom[aá]ti(?:ca|que)",
    r"on (?:vacation|holiday|leave)\b",
    r"vacation (?:reply|notice|message|response)",
    r"^vacation",
    r"away from (?:my|the)",
    r"abwesen(?:d|heit)",
    r"im urlaub",
    r"absence du bureau",
    r"absent(?:e|\(e\))? du bureau",
    r"fuera de (?:la )?oficina",
    r"fuori (?:ufficio|sede)",
    r"aus[êe]ncia",
    r"afwezig",
    r"automatisch antwoord",
    r"frånvaro",
    r"nieobecn",
    r"自动回复",
    r"自動返信",
    r"不在",
)

# A program holds the mail back until its sender answers.
PROVE_YOURSELF = _any_of(
    r"(?:confirm|verify|prove|validate)\b.{0,60}\b(?:you(?:r| are)|human|sender|message|e-?mail|address)",
    r"challenge",
    r"(?:click|reply)\b.{0,80}\b(?:to (?:deliver|release|have)|to be delivered|confirm)",
    r"spamarrest",
    r"boxbe",
    r"sender verification",
    r"awaiting (?:confirmation|verification)",
)

# From here on it is the mail that is given back, and no longer what is said of it.
RETURNED_BELOW = _any_of(
    BEGINNING_OF_A_LINE + r"(?:received|return-path|x-originating-ip|mime-version): ?.*$",
    r"^content-type: *(?:message/|text/rfc822).*$",
    RULE + r"(?:this is a copy|below (?:this|the next) line|unsent message|the (?:attached|body of)|start of"
    r"|(?:the )?headers? of the original|undelivered mail|forwarded message|mensaje original|message text follows"
    r"|(?:original|returned|unsent|unsended|undelivered|rejected|copy of|message)"
    r"[ -](?:message|mail|e-mail|text|headers?|is following)).*$",
    RULE
    + r"(?:your|the|failed) (?:message|mail|e-mail|text|headers?)\b.{0,60}(?:follow|below|attached|:|[-=_*#|]{2})\s*$",
    r"^(?:original|returned|the original|message|rejected) (?:message|mail|e-mail|headers?|text)"
    r"(?: headers?| as received| text| is)? ?(?:follows?|below|reads|attached|included|:).*$",
    r"^your(?: original)? (?:message|mail|e-mail) (?:follows|reads|is (?:below|attached|included)).*$",
    BEGINNING_OF_A_LINE + r"(?:here is|included is|below is|following is|attached is|this is)"
    r" (?:a|the) (?:copy|first part|header|beginning)\b.*$",
    r"^the (?:original message(?! was received)|header and top|first \d+ lines|body of).*$",
)

# Lines that repeat the header of the mail that is given back.
OF_THE_RETURNED_MAIL = _any_of(
    r"^[>\s*-]{0,20}(?:subject|from|to|cc|sent|date|message-id|betreff|objet|asunto|reply-to|sender)\s{0,3}:.*"
    r"(?:\n[ \t]+[^\n:@]{0,200}$)?",
)

# Lines that gateways add to every mail, and the names of programs that sound like a verdict.
FOOTER = _any_of(
    r"^.{0,300}(?:scanned (?:by|for|at)|has been (?:scanned|checked)|virus[- ]?free|checked by avg).{0,500}$",
    r"^.{0,300}confidential.{0,500}$",
    r"anti-?virus(?: system| software)?",
    r"virus ?wall",
    r"spam ?(?:assassin|titan|experts)",
)
