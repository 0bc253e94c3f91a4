"""The team's shared scripts: what to say, with placeholders."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.teams.scope import TeamRow


class Script(TeamRow):
    """A text for a channel. Placeholders: {lead}, {first_name}, {company}, {me}, {team}."""

    class Channel(models.TextChoices):
        CALL = "call", _("Call")
        WHATSAPP = "whatsapp", _("WhatsApp")
        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    name = models.CharField(_("name"), max_length=80)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), max_length=4000)
    language = models.CharField(_("language"), max_length=35, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["channel", "position", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "channel", "name"], name="content_script_once"),
        ]

    def __str__(self) -> str:
        return self.name
