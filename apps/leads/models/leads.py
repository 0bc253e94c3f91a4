"""The lead itself: one prospect in one team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models.sources import OPEN_KINDS, Source, Status, StatusKind
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.scope import TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access

UNPLACED = ("new", "held", "manager", "out")  # stages


class LeadQuerySet(TeamQuerySet["Lead"]):
    def visible_to(self, access: Access) -> Self:
        """One's own leads; everyone's and unowned ones with the permission for each."""
        rows = super().visible_to(access).filter(deleted_at__isnull=True)
        if access.can(Permission.SEE_OTHERS):
            return rows
        if access.member_id is None:
            return rows.none()  # an agency that sees figures alone
        mine = Q(owner_id=access.member_id)
        if access.can(Permission.SEE_UNASSIGNED):
            mine |= Q(owner__isnull=True)
        return rows.filter(mine)

    def behind_figures(self, access: Access) -> Self:
        """The leads that this actor's figures count, which may be more than she sees.

        An agency gets its client's figures, of all leads, whether or not it may look at one: count
        these, and show nothing of any.
        """
        if access.is_operator and access.can(Permission.SEE_DASHBOARD):
            return super().visible_to(access).filter(deleted_at__isnull=True)
        return self.visible_to(access)

    def open(self) -> Self:
        return self.filter(status_kind__in=OPEN_KINDS, deleted_at__isnull=True)

    def live(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def unplaced(self) -> Self:
        """Open leads that nobody has and that go nowhere unless a manager sends them."""
        return self.open().filter(
            owner__isnull=True, stage__in=UNPLACED, is_test=False, is_spam=False, merged_into=None
        )

    def counted(self) -> Self:
        """The cohort of every figure: neither spam nor test, not deleted."""
        return self.filter(deleted_at__isnull=True, is_spam=False, is_test=False)


class Lead(TeamRow):
    """One prospect in one team."""

    class Stage(models.TextChoices):
        """Where the lead stands on its road to a person."""

        NEW = "new", _("being routed")
        HELD = "held", _("held")
        OFFERED = "offered", _("offered")
        OPEN = "open", _("open to claims")
        HOPPER = "hopper", _("in the hopper")
        OWNED = "owned", _("owned")
        MANAGER = "manager", _("with the manager")
        OUT = "out", _("not routed")
        # Its copies went to others and it is no lead of this team: `deleted_at` says since when,
        # so that no list, figure or look-up of leads knows it.
        AWAY = "away", _("kept out")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="leads")
    owner = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
    )
    stage = models.CharField(max_length=8, choices=Stage, default=Stage.NEW)
    # Moves with every change of ownership: a timer of an older generation does nothing.
    generation = models.PositiveIntegerField(default=0)
    status = models.ForeignKey(Status, on_delete=models.PROTECT, related_name="+")
    status_kind = models.CharField(max_length=12, choices=StatusKind, default=StatusKind.NEW)

    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    phone_key = models.CharField(max_length=20, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=35, blank=True)
    campaign = models.CharField(_("campaign"), max_length=200, blank=True)
    form = models.CharField(_("form"), max_length=200, blank=True)
    message = models.TextField(_("message"), blank=True)
    facts = models.JSONField(default=dict, blank=True)  # the other standard fields, typed
    custom = models.JSONField(default=dict, blank=True)  # the team's fields, typed by CustomField
    warnings = models.JSONField(default=list, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)

    # Companies are told apart by these: a folded name, and a domain that is no mail provider's.
    company_key = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    group_ids = ArrayField(models.UUIDField(), default=list, blank=True)  # interest groups

    score = models.SmallIntegerField(null=True, blank=True)
    band = models.CharField(max_length=1, blank=True)
    # [{"line": id, "name": …, "points": n, "of": full points}], as the score was counted last
    score_lines = models.JSONField(default=list, blank=True)
    scored_at = models.DateTimeField(null=True)
    priority = models.SmallIntegerField(default=0)
    is_test = models.BooleanField(_("test lead"), default=False)
    is_spam = models.BooleanField(_("spam"), default=False)
    do_not_contact = models.BooleanField(_("do not contact"), default=False)
    disqualified_reason = models.CharField(max_length=200, blank=True)
    merge_suggestion = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    # The lead that this person had before, and the one into which this was merged.
    linked_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="linked_from"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged_from"
    )

    received_at = models.DateTimeField(_("received"))
    # The last time that it did something: came, came again, replied, opened what was sent.
    last_heard_at = models.DateTimeField(null=True)
    came_again = models.PositiveSmallIntegerField(default=0)
    opened_content_at = models.DateTimeField(null=True)
    enriched_at = models.DateTimeField(null=True)
    enrichment_error = models.CharField(max_length=200, blank=True)
    # When a worker looks for leads like it, and for what can be learnt of its company; None: done.
    look_up_at = models.DateTimeField(null=True)
    look_ups = models.PositiveSmallIntegerField(default=0)  # how often that was tried
    clock_starts_at = models.DateTimeField(null=True)  # received, or the next opening
    routed_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    assigned_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)
    first_attempt_at = models.DateTimeField(null=True)
    # Received to first attempt within the team's hours as they were then.
    business_response_seconds = models.FloatField(null=True)
    first_contact_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)  # for If-Match: moves with every edit

    objects: ClassVar[LeadQuerySet] = LeadQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-received_at", "-id"]
        verbose_name = _("lead")
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="leads_lead_team_id"),
            models.CheckConstraint(
                condition=Q(stage="owned", owner__isnull=False)
                | (~Q(stage="owned") & (Q(owner__isnull=True) | Q(stage="hopper"))),
                name="leads_lead_owned_has_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "-received_at", "-id"], name="leads_lead_latest"),
            models.Index(
                fields=["team", "email_key"],
                name="leads_lead_email",
                condition=~Q(email_key=""),
            ),
            models.Index(
                fields=["team", "phone_key"],
                name="leads_lead_phone",
                condition=~Q(phone_key=""),
            ),
            models.Index(
                fields=["source", "provider_id"],
                name="leads_lead_provider",
                condition=~Q(provider_id=""),
            ),
            models.Index(fields=["owner", "-received_at"], name="leads_lead_by_owner"),
            # What members have to do, counted by status for pools that weigh it.
            models.Index(
                fields=["owner", "status_kind"],
                name="leads_lead_load",
                condition=Q(
                    stage="owned",
                    status_kind__in=["new", "working", "qualified"],
                    deleted_at__isnull=True,
                ),
            ),
            models.Index(
                fields=["team", "company_key"],
                name="leads_lead_company",
                condition=~Q(company_key=""),
            ),
            models.Index(
                fields=["team", "domain"], name="leads_lead_domain", condition=~Q(domain="")
            ),
            GinIndex(fields=["group_ids"], name="leads_lead_groups"),
            # By any word of the name. Kept at once: a list of what is to be entered later would
            # make one lead in thousands wait for all of it.
            GinIndex(
                SearchVector("name", config="simple"),
                name="leads_lead_name_words",
                fastupdate=False,
            ),
            models.Index(
                fields=["look_up_at"],
                name="leads_lead_look_up",
                condition=Q(look_up_at__isnull=False),
            ),
            models.Index(
                fields=["team", "-received_at"],
                name="leads_lead_suggested",
                condition=Q(merge_suggestion__isnull=False, deleted_at__isnull=True),
            ),
            models.Index(
                fields=["team", "last_heard_at"],
                name="leads_lead_silent",
                condition=Q(
                    status_kind__in=["new", "working", "qualified"], deleted_at__isnull=True
                ),
            ),
            # What waits for a manager, and for nobody else: every page counts it, by this alone.
            models.Index(
                fields=["team", "received_at"],
                name="leads_lead_triage",
                include=["id"],
                condition=Q(
                    stage__in=["new", "held", "manager", "out"],
                    status_kind__in=["new", "working", "qualified"],
                    owner__isnull=True,
                    deleted_at__isnull=True,
                    merged_into__isnull=True,
                    is_test=False,
                    is_spam=False,
                ),
            ),
            models.Index(
                fields=["team", "-score", "-received_at", "-id"],
                name="leads_lead_best",
                condition=Q(score__isnull=False, deleted_at__isnull=True),
            ),
            # Counted by owner, source, campaign and form without a look at the leads.
            models.Index(
                fields=["team", "received_at"],
                name="leads_lead_untouched",
                include=["id", "owner", "source", "campaign", "form", "is_spam", "is_test"],
                condition=Q(first_attempt_at__isnull=True, deleted_at__isnull=True)
                & Q(status_kind__in=["new", "working", "qualified"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or str(self.pk)

    @property
    def is_open(self) -> bool:
        return self.status_kind in OPEN_KINDS

    def value(self, key: str) -> Any:
        """A field by its registry key: a column, a fact, or `custom.<key>`; None if missing."""
        if key.startswith("custom."):
            return self.custom.get(key.removeprefix("custom."))
        if key in LEAD_COLUMNS:
            return getattr(self, key) or None
        return self.facts.get(key)


LEAD_COLUMNS = frozenset({
    "name", "email", "phone", "company", "job_title", "country", "region", "city", "postcode",
    "language", "campaign", "form", "message", "score",
})  # fmt: skip
