"""What happened, in sentences: the head of a report, before any number stands in a table."""

from __future__ import annotations

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.agency.reports.content import Report, Sent
from apps.dashboards.showing import words
from apps.leads.speed import target_in_words
from apps.teams.presentation import money, relative


def sentences(report: Report) -> list[str]:
    """Each a finding, the most important first; what can't be said is left out."""
    if not report.figures.now.received:
        return [_volume(report), *_untouched(report), *map(_sent, report.sent)]
    return [
        _volume(report),
        _speed(report),
        _within(report),
        _results(report),
        *_untouched(report),
        *map(_sent, report.sent),
        *_costs(report),
    ]


def _volume(report: Report) -> str:
    now, before = report.figures.now.received, report.figures.before.received
    said = {"n": intcomma(now), "before": intcomma(before), "when": report.span.compared_with}
    if not now and not before:
        return _("No leads came in.")
    if not now:
        return _("No leads came in; %(before)s in %(when)s.") % said
    if now == before:
        text = ngettext(
            "%(n)s lead came in, as many as in %(when)s.",
            "%(n)s leads came in, as many as in %(when)s.",
            now,
        )
        return text % said
    said["gap"] = intcomma(abs(now - before))
    head = ngettext("%(n)s lead came in", "%(n)s leads came in", now) % said
    if not before:
        return _("%(head)s; none in %(when)s.") % {**said, "head": head}
    if now > before:
        return _("%(head)s, %(gap)s more than in %(when)s.") % {**said, "head": head}
    return _("%(head)s, %(gap)s fewer than in %(when)s.") % {**said, "head": head}


def _speed(report: Report) -> str:
    figures = report.figures
    found = words.speed_finding(figures)
    now, before = figures.now.median, figures.before.median
    if not (now.is_reached and before.is_reached):
        return found
    said = {"found": found, "time": words.time_of(before), "when": report.span.compared_with}
    return _("%(found)s In %(when)s half took %(time)s or less.") % said


def _within(report: Report) -> str:
    now, before = report.figures.now, report.figures.before
    if now.within_target is None:
        return _("No lead’s target time is over yet.")
    said = {
        "share": words.percent(now.within_target),
        "target": target_in_words(report.target),
        "before": words.percent(before.within_target),
        "when": report.span.compared_with,
    }
    if before.within_target is None:
        return _("%(share)s were tried within the target of %(target)s.") % said
    return (
        _("%(share)s were tried within the target of %(target)s, against %(before)s in %(when)s.")
        % said
    )


def _results(report: Report) -> str:
    group = report.figures.now
    said = {
        "contacted": intcomma(group.contacted),
        "rate": words.percent(group.contact_rate),
        "won": intcomma(group.won),
        "before": intcomma(report.figures.before.won),
        "when": report.span.compared_with,
    }
    return (
        _(
            "%(contacted)s (%(rate)s) replied or were talked to; %(won)s are won by now, "
            "against %(before)s of %(when)s."
        )
        % said
    )


def _untouched(report: Report) -> list[str]:
    untouched = report.figures.untouched
    if not untouched.leads:
        return []
    said = {"n": intcomma(untouched.leads)}
    head = ngettext(
        "%(n)s open lead has no attempt now", "%(n)s open leads have no attempt now",
        untouched.leads,
    ) % said  # fmt: skip
    if untouched.oldest is None:
        return [f"{head}."]
    waited = relative(untouched.oldest, now=report.made_at)
    return [_("%(head)s; the oldest came in %(waited)s.") % {"head": head, "waited": waited}]


def _sent(sent: Sent) -> str:
    total = sent.total
    said = {
        "agency": sent.agency.name,
        "n": intcomma(total.delivered),
        "attempted": intcomma(total.attempted),
        "contacted": intcomma(total.contacted),
        "won": intcomma(total.won),
        "returned": intcomma(total.returned),
    }
    text = ngettext(
        "Of %(n)s lead that %(agency)s delivered, %(attempted)s was tried, %(contacted)s replied "
        "or was talked to, %(won)s is won and %(returned)s was returned.",
        "Of %(n)s leads that %(agency)s delivered, %(attempted)s were tried, %(contacted)s replied "
        "or were talked to, %(won)s are won and %(returned)s were returned.",
        total.delivered,
    )
    return text % said


def _costs(report: Report) -> list[str]:
    if report.costs is None:
        return []
    total, currency = report.costs.total, report.team.currency
    if total.per_contacted is None:
        return [_("%(spent)s were spent.") % {"spent": money(total.spent_minor, currency)}]
    said = {
        "spent": money(total.spent_minor, currency),
        "contacted": money(total.per_contacted, currency),
        "won": "–" if total.per_won is None else money(total.per_won, currency),
    }
    if total.per_won is None:
        return [_("%(spent)s were spent: %(contacted)s for each contacted lead.") % said]
    return [
        _(
            "%(spent)s were spent: %(contacted)s for each contacted lead, %(won)s for each "
            "won one."
        ) % said
    ]  # fmt: skip
