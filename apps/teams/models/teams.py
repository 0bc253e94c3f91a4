"""The team: a tenant, its days off, and what its people may be told apart by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.accounts.ids import uuid7
from apps.accounts.models import validate_timezone
from apps.teams.scope import TeamRow

if TYPE_CHECKING:
    pass


RESERVED_SLUGS = frozenset({"new", "admin", "api", "accounts", "static", "setup"})


def default_bands() -> dict[str, int]:
    """The least score of bands A to C, as new teams have them."""
    return {"A": 70, "B": 40, "C": 10}


def default_hours() -> dict[str, list[list[str]]]:
    """Monday to Friday, nine to six: a new team's opening hours."""
    return {str(day): [["09:00", "18:00"]] for day in range(5)}


class DuplicatePolicy(models.TextChoices):
    """What becomes of a capture of somebody whom the team knows already."""

    ATTACH = "attach", _("add it to the lead; its owner keeps it")
    LINK = "link", _("make a new lead that is linked to the old one")
    REOPEN = "reopen", _("add it, and open the lead again if it was closed")


class Team(models.Model):
    """A tenant: a company's sales team. Leads live in exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    timezone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_timezone]
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        help_text=_("For phone numbers without a prefix."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    hours = models.JSONField(_("opening hours"), default=default_hours, blank=True)
    response_seconds = models.PositiveIntegerField(_("first attempt within (s)"), default=300)
    claims_per_day = models.PositiveIntegerField(_("claims a day"), null=True, blank=True)
    max_unworked = models.PositiveIntegerField(_("most unworked leads"), null=True, blank=True)
    hopper_days = models.PositiveIntegerField(_("days in the hopper"), default=7)
    # Public holidays of this country and region close the team, beside its own.
    holiday_country = models.CharField(_("holidays of"), max_length=2, blank=True)
    holiday_region = models.CharField(_("region"), max_length=10, blank=True)
    duplicate_policy = models.CharField(
        _("somebody known comes again"),
        max_length=8,
        choices=DuplicatePolicy,
        default=DuplicatePolicy.ATTACH,
    )
    # {"email_domain": bool, "phone_country": bool, "url": "https://…", "secret": encrypted}
    enrichment = models.JSONField(_("enrichment"), default=dict, blank=True)
    # Nobody asks the provider before this: somebody is at it, or it failed a moment ago.
    enrichment_free_at = models.DateTimeField(null=True, blank=True, editable=False)
    enrichment_error = models.CharField(max_length=200, blank=True, editable=False)
    # The least score of each band; what is below them all is D.
    bands = models.JSONField(_("score bands"), default=default_bands, blank=True)
    # Members who are told, beside the managers, when no pool says otherwise.
    escalate_to = ArrayField(models.UUIDField(), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    # Moved by whatever changes compiled rules or fields: one cheap read tells every process.
    routing_version = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Holiday(TeamRow):
    """A day on which the team is closed, or works although the country does not."""

    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=120)
    is_open = models.BooleanField(_("we work on that day"), default=False)

    class Meta:
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["team", "date"], name="teams_holiday_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class Skill(TeamRow):
    """Something that members have and leads may need: a product, a language, a licence."""

    class Kind(models.TextChoices):
        SKILL = "skill", _("Skill")
        LANGUAGE = "language", _("Language")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SKILL)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "team", "kind", name="teams_skill_once"),
            models.UniqueConstraint(fields=["team", "id"], name="teams_skill_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class Territory(TeamRow):
    """A part of the market. `area`: {"countries", "regions", "cities", "postcodes"} lists."""

    name = models.CharField(_("name"), max_length=80)
    area = models.JSONField(_("area"), default=dict, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("territories")
        constraints = [
            models.UniqueConstraint(Lower("name"), "team", name="teams_territory_once"),
            models.UniqueConstraint(fields=["team", "id"], name="teams_territory_team_id"),
        ]

    def __str__(self) -> str:
        return self.name
