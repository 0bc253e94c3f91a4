"""Who gets copies of leads: recipients, pools of them, and the consent of teams."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from apps.leads.models import Lead
from apps.rules.models.pools import CapWindow
from apps.teams.models import Membership, Team
from apps.teams.permissions import Permission
from apps.teams.scope import Deed, TeamQuerySet, TeamRow

if TYPE_CHECKING:
    from apps.teams.access import Access


class SharingQuerySet(TeamQuerySet["Agreement"]):
    def received_by(self, access: Access) -> Self:
        """Those in which the actor's team is the one that gets leads."""
        return self.filter(to=access.team)


class Agreement(TeamRow, Deed):
    """A team's consent to get leads from the team of this row: given once, ended by either side.

    Asked for by e-mail: whoever follows the link and may connect sources chooses her team, `to`.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("waiting for an answer")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        ENDED = "ended", _("ended")

    class Side(models.TextChoices):
        SENDER = "sender", _("the sender")
        RECIPIENT = "recipient", _("the recipient")

    to = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="agreements_received"
    )
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    email = models.EmailField(_("asked at"), max_length=254, blank=True)
    message = models.CharField(_("message"), max_length=500, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_side = models.CharField(max_length=10, choices=Side, blank=True)

    objects: ClassVar[SharingQuerySet] = SharingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="rules_agreement_team_id"),
            models.UniqueConstraint(
                fields=["team", "to"],
                condition=Q(state="accepted"),
                name="rules_agreement_once",
            ),
            models.CheckConstraint(
                condition=Q(to__isnull=False) | Q(state__in=["asked", "declined", "ended"]),
                name="rules_agreement_names_team",
            ),
            models.CheckConstraint(condition=~Q(to=F("team")), name="rules_agreement_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.email or self.to_id}: {self.state}"


class RecipientQuerySet(TeamQuerySet["Recipient"]):
    def visible_to(self, access: Access) -> Self:
        rows = super().visible_to(access)
        return rows if access.can(Permission.SEE_ROUTING) else rows.none()


class Recipient(TeamRow):
    """Where copies of leads go: a team, a member, an e-mail address or a webhook.

    Also what it may get: which fields under which names, when, how many, for which campaign and
    at which price.
    """

    class Kind(models.TextChoices):
        TEAM = "team", _("A team in Leadrelay")
        MEMBER = "member", _("A member of this team")
        EMAIL = "email", _("An e-mail address")
        WEBHOOK = "webhook", _("A webhook")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, null=True, blank=True, related_name="recipients"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    email = models.EmailField(_("e-mail"), max_length=254, blank=True)
    url = models.CharField(_("address"), max_length=500, blank=True)
    # Encrypted JSON: [{"secret": "whsec_…", "until": ISO or null}, …], the newest first. While
    # an older one still holds, both sign.
    secrets_encrypted = models.TextField(blank=True, editable=False)
    # Who is told when deliveries fail; empty: the managers of the team.
    contact_email = models.EmailField(_("told of failures"), max_length=254, blank=True)

    # Registry keys that the copies hold; empty: all of them. {"<key>": "<name there>"}.
    fields = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    renames = models.JSONField(default=dict, blank=True)

    hours = models.JSONField(_("hours"), null=True, blank=True, help_text=_("Empty: always."))
    timezone = models.CharField(_("time zone"), max_length=64, blank=True)
    is_paused = models.BooleanField(_("paused"), default=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    cap_hour = models.PositiveIntegerField(_("leads an hour"), null=True, blank=True)
    cap_day = models.PositiveIntegerField(_("leads a day"), null=True, blank=True)
    cap_week = models.PositiveIntegerField(_("leads a week"), null=True, blank=True)
    cap_month = models.PositiveIntegerField(_("leads a month"), null=True, blank=True)
    cap_window = models.CharField(
        _("limits count"), max_length=8, choices=CapWindow, default=CapWindow.CALENDAR
    )
    # The campaign: so many leads in all, until then.
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    quota = models.PositiveIntegerField(_("leads in all"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    price_minor = models.PositiveBigIntegerField(_("price of a lead"), default=0)
    return_days = models.PositiveSmallIntegerField(_("days to return a lead"), default=7)

    # Moved under the row's lock, when a copy is planned or given back.
    placed_at = ArrayField(models.DateTimeField(), default=list, editable=False)
    capped_at = models.DateTimeField(null=True, editable=False)  # as Seat.capped_at
    campaign_count = models.PositiveIntegerField(default=0, editable=False)
    campaign_since = models.DateTimeField(null=True, editable=False)
    # What the managers were told about this campaign: "quota_80", "quota_100", "ends_soon", "over"
    warned = ArrayField(models.CharField(max_length=20), default=list, editable=False)

    # How its endpoint does: failures in a row; slowed down until; switched off, and why.
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    slowed_until = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=300, blank=True, editable=False)

    is_active = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )

    objects: ClassVar[RecipientQuerySet] = RecipientQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("recipient")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="rules_recipient_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_recipient_team_id"),
            models.CheckConstraint(
                condition=Q(kind="team", agreement__isnull=False)
                | (~Q(kind="team") & Q(agreement__isnull=True)),
                name="rules_recipient_agreement_given",
            ),
            models.CheckConstraint(
                condition=Q(kind="member", membership__isnull=False)
                | (~Q(kind="member") & Q(membership__isnull=True)),
                name="rules_recipient_member_given",
            ),
            models.CheckConstraint(
                condition=(Q(kind="email") & ~Q(email="")) | (~Q(kind="email") & Q(email="")),
                name="rules_recipient_email_given",
            ),
            models.CheckConstraint(
                condition=(Q(kind="webhook") & ~Q(url="")) | (~Q(kind="webhook") & Q(url="")),
                name="rules_recipient_url_given",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def greatest_cap(self) -> int:
        """So many moments of placing are kept; 0 without caps."""
        return max(cap or 0 for cap in (self.cap_hour, self.cap_day, self.cap_week, self.cap_month))

    @property
    def is_counted(self) -> bool:
        """Whether copies are counted as they are planned, which takes the row's lock."""
        return self.greatest_cap > 0 or self.quota is not None


class RecipientPool(TeamRow):
    """A named group of recipients and which of them get a lead."""

    class Way(models.TextChoices):
        ALL = "all", _("everyone gets a copy")
        TURN = "turn", _("one at a time, by turn")
        PERFORMANCE = "performance", _("one at a time, by performance")
        FIRST = "first", _("the first to accept")

    class Nobody(models.TextChoices):
        """What becomes of an offer that nobody accepted in time."""

        TURN = "turn", _("it goes to one of them by turn")
        NONE = "none", _("nobody gets it")

    name = models.CharField(_("name"), max_length=120)
    way = models.CharField(_("who gets a lead"), max_length=12, choices=Way, default=Way.TURN)
    # {"days": n, "most_percent": n, "share": n} as in routing.performance; what is measured is the
    # share of delivered leads that were not returned.
    performance = models.JSONField(_("performance"), default=dict, blank=True)
    window_seconds = models.PositiveIntegerField(
        _("offer open for (s)"), default=900, validators=[MinValueValidator(60)]
    )
    when_nobody = models.CharField(
        _("when nobody accepts"), max_length=4, choices=Nobody, default=Nobody.TURN
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=now, editable=False)
    turn_no = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("pool of recipients")
        verbose_name_plural = _("pools of recipients")
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="rules_recipients_name_once"),
            models.UniqueConstraint(fields=["team", "id"], name="rules_recipients_team_id"),
        ]

    def __str__(self) -> str:
        return self.name


class RecipientSeat(TeamRow):
    """A recipient's place in a pool: its weight and its credit."""

    pool = models.ForeignKey(RecipientPool, on_delete=models.CASCADE, related_name="seats")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveIntegerField(_("position"), default=0)
    weight = models.PositiveIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    is_active = models.BooleanField(_("active"), default=True)
    # Moved only by deliveries, under the pool's lock.
    credit = models.BigIntegerField(default=0, editable=False)  # nano-turns
    last_turn_no = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "recipient"], name="rules_recipient_seat_once_a_pool"
            ),
            models.UniqueConstraint(fields=["team", "id"], name="rules_recipient_seat_team_id"),
            models.CheckConstraint(
                condition=Q(weight__gte=1), name="rules_recipient_seat_weight_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} in {self.pool}"


class RecipientTurn(TeamRow):
    """Append-only: one turn of a pool of recipients, as TurnEntry is for members."""

    class Reason(models.TextChoices):
        TURN = "turn", _("sent by turn")
        GIVE_BACK = "give_back", _("given back")
        SEAT_REMOVED = "seat_removed", _("a recipient was removed")

    pool = models.ForeignKey(
        RecipientPool, on_delete=models.CASCADE, related_name="turns", db_index=False
    )
    turn_no = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, null=True, related_name="+")
    winner = models.ForeignKey(
        RecipientSeat, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.TURN)
    deltas = models.JSONField()  # {"<seat id>": nano-turns}, sums to zero

    class Meta:
        ordering = ["-turn_no", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="rules_recipient_turn_team_id"),
        ]
        indexes = [
            models.Index(fields=["pool", "-turn_no"], name="rules_recipient_turn_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.pool} turn {self.turn_no}"
