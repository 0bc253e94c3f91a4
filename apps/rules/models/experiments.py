"""Experiments: leads split stably between variants of a rule set or of a pool's policy."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.rules.models.pools import Pool
from apps.rules.models.rule_sets import RuleSet
from apps.teams.scope import Deed, TeamRow


class Experiment(TeamRow, Deed):
    """New leads are split by their id: each belongs to one variant for good.

    The subject is a rule set (every variant is one of its versions) or a pool (every variant is
    a set of settings laid over the pool's own).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("being prepared")
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")

    class Measure(models.TextChoices):
        CONVERSION = "conversion", _("won within the horizon")
        CONTACT = "contact", _("contacted within the horizon")
        RESPONSE = "response", _("first response in time")

    name = models.CharField(_("name"), max_length=120)
    rule_set = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, null=True, blank=True, related_name="experiments"
    )
    pool = models.ForeignKey(
        Pool, on_delete=models.CASCADE, null=True, blank=True, related_name="experiments"
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    measure = models.CharField(
        _("decided by"), max_length=10, choices=Measure, default=Measure.CONVERSION
    )
    horizon_days = models.PositiveSmallIntegerField(_("horizon (days)"), default=30)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="rules_experiment_team_id"),
            models.CheckConstraint(
                condition=Q(rule_set__isnull=False, pool__isnull=True)
                | Q(rule_set__isnull=True, pool__isnull=False),
                name="rules_experiment_one_subject",
            ),
            models.UniqueConstraint(
                fields=["rule_set"],
                condition=Q(state="running"),
                name="rules_experiment_one_a_set",
            ),
            models.UniqueConstraint(
                fields=["pool"], condition=Q(state="running"), name="rules_experiment_one_a_pool"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(TeamRow):
    """One arm: its share of the leads, and the version or the settings that it tries."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=80)
    percent = models.PositiveSmallIntegerField(
        _("share in percent"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    version = models.ForeignKey(
        "rules.Version", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settings = models.JSONField(default=dict, blank=True)  # of PoolSettings, laid over the pool's
    is_kept = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="rules_variant_team_id"),
            models.UniqueConstraint(
                fields=["experiment", "position"], name="rules_variant_position_once"
            ),
            models.CheckConstraint(
                condition=Q(percent__range=(1, 99)), name="rules_variant_percent"
            ),
        ]

    def __str__(self) -> str:
        return self.name
