"""What a new team can say from its first minute on."""

from django.utils.translation import gettext as _

from apps.content.models import Script
from apps.teams.models import Team


def add_default_scripts(team: Team) -> None:
    """One or two scripts a channel. Doing it again changes nothing."""
    Script.objects.bulk_create(
        [
            Script(team=team, channel=channel, name=name, subject=subject, body=body, position=n)
            for n, (channel, name, subject, body) in enumerate(_scripts())
        ],
        ignore_conflicts=True,
    )


def _scripts() -> list[tuple[str, str, str, str]]:
    channel = Script.Channel
    return [
        (channel.CALL, _("First call"), "", _(
            "Hello {first_name}, this is {me} from {team}. You asked us for information a moment "
            "ago. Is this a good time?\n\nWhat made you look for it just now? Who else decides "
            "with you? By when would you like to have it?"
        )),
        (channel.CALL, _("Voicemail"), "", _(
            "Hello {first_name}, {me} from {team} here. I am calling about your request and will "
            "try again this afternoon. I am also sending you a short message."
        )),
        (channel.WHATSAPP, _("Hello"), "", _(
            "Hello {first_name}, this is {me} from {team}. Thank you for your request. When may I "
            "call you for five minutes?"
        )),
        (channel.SMS, _("Missed you"), "", _(
            "Hello {first_name}, {me} from {team}: I just tried to reach you about your request. "
            "When does it suit you?"
        )),
        (channel.EMAIL, _("First answer"), _("Your request to {team}"), _(
            "Hello {first_name},\n\nthank you for your request. I am glad to help and would like "
            "to ask you two or three questions first. When may I call you?\n\nBest regards\n{me}\n"
            "{team}"
        )),
        (channel.EMAIL, _("After no answer"), _("Still interested, {first_name}?"), _(
            "Hello {first_name},\n\nI tried to reach you about your request and did not want to "
            "leave it at that. Is it still of interest to you? A short answer is enough.\n\n"
            "Best regards\n{me}\n{team}"
        )),
    ]  # fmt: skip
