"""What the mail of Monday says: last week against the week before, in findings with their leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.dashboards.figures import metrics
from apps.dashboards.figures.metrics import Figures, Group, MemberRow
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.showing import words
from apps.dashboards.showing.asking import Links
from apps.leads.speed import Clock
from apps.teams.access import Access
from apps.teams.presentation import clock_face, relative

WEEK = timedelta(days=7)
SMALL = 1.0  # points that are no news
_QUICK = 0.1  # part of the median that is no news
MOST_MEMBERS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, and the address of the leads behind it."""

    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Week:
    """What is told. `head` is the week in one line."""

    first_day: date
    last_day: date
    head: Finding
    well: Sequence[Finding]
    wrong: Sequence[Finding]
    attention: Sequence[Finding]
    figures: Figures

    @property
    def says_nothing(self) -> bool:
        """Whether there was nothing in both weeks and nothing waits."""
        figures = self.figures
        return not (figures.now.received or figures.before.received or figures.untouched.leads)


def week(monday: date, *, access: Access, now: datetime) -> Week:
    """The week before this Monday, in the team's own days."""
    period = Period.of_days(
        monday - WEEK, monday - timedelta(days=1), before=monday - 2 * WEEK, now=now,
        timezone=access.team.timezone,
    )  # fmt: skip
    question = Question(period=period, clock=Clock.REAL, source_id=None, now=now)
    figures = metrics.figures(question, access=access)
    links = Links(access, question)
    judged = _judged(figures, links) if figures.now.received else []
    return Week(
        period.first_day, period.last_day, _head(figures, links),
        [finding for finding, is_good in judged if is_good],
        [finding for finding, is_good in judged if not is_good],
        _attention(figures, links, now), figures,
    )  # fmt: skip


def _head(figures: Figures, links: Links) -> Finding:
    now, before = figures.now.received, figures.before.received
    said = {"n": now, "before": before}
    if not now:
        text = (
            _("No lead came in last week; %(before)d the week before.") % said
            if before
            else _("No lead came in last week.")
        )
    else:
        text = (
            ngettext(
                "%(n)d lead came in last week; %(before)d the week before.",
                "%(n)d leads came in last week; %(before)d the week before.",
                now,
            )
            % said
        )
    return Finding(text, links.cohort)


Judge = Callable[[Figures, Links], tuple[Finding, bool] | None]


def _judged(figures: Figures, links: Links) -> list[tuple[Finding, bool]]:
    """Findings, each with whether it is good news."""
    judges: tuple[Judge, ...] = (_speed, _within, _contact, _won, _never, _taken_back)
    return [found for judge in judges if (found := judge(figures, links))]


def _speed(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    now, before = figures.now.median, figures.before.median
    if not now.is_hidden and not now.is_reached:
        return Finding(_("More than half of the leads have no attempt yet."), links.cohort), False
    if now.seconds is None or before.seconds is None or not before.is_reached:
        return None
    if abs(now.seconds - before.seconds) < max(1, _QUICK * before.seconds):
        return None
    said = {"now": clock_face(now.seconds), "before": clock_face(before.seconds)}
    text = _("Half of the leads were answered within %(now)s; the week before, %(before)s.") % said
    return Finding(text, links.cohort), now.seconds < before.seconds


def _within(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    text = _("%(now)s were tried within the target; the week before, %(before)s.")
    return _points(text, figures, lambda group: group.within_target, f"{links.cohort}&target=met")


def _contact(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    text = _("%(now)s replied or were talked to; the week before, %(before)s.")
    return _points(text, figures, lambda group: group.contact_rate, f"{links.cohort}&contacted=1")


def _points(
    text: str, figures: Figures, rate: Callable[[Group], float | None], link: str
) -> tuple[Finding, bool] | None:
    now, before = rate(figures.now), rate(figures.before)
    if now is None or before is None or abs(now - before) < SMALL:
        return None
    said = {"now": words.percent(now), "before": words.percent(before)}
    return Finding(text % said, link), now > before


def _won(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    won = figures.now.won
    if not won:
        return None
    text = ngettext(
        "%(n)d lead of last week is won already.", "%(n)d leads of last week are won already.", won
    )
    return Finding(text % {"n": won}, f"{links.cohort}&status=won"), True


def _never(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    never = figures.now.never
    if not never:
        return Finding(_("Every lead of last week was tried."), links.cohort), True
    text = ngettext(
        "%(n)d lead of last week has no attempt yet.",
        "%(n)d leads of last week have no attempt yet.",
        never,
    )
    return Finding(text % {"n": never}, f"{links.cohort}&band=never"), False


def _taken_back(figures: Figures, links: Links) -> tuple[Finding, bool] | None:
    taken = figures.taken_back
    if not taken:
        return None
    text = ngettext(
        "%(n)d lead was taken back because nobody tried it in time.",
        "%(n)d leads were taken back because nobody tried them in time.",
        taken,
    )
    return Finding(text % {"n": taken}, links.cohort), False


def _attention(figures: Figures, links: Links, now: datetime) -> list[Finding]:
    """Who holds untouched leads at this moment, the most first; then those that nobody has."""
    holders = sorted(
        (row for row in figures.members if row.untouched.leads),
        key=lambda row: (-row.untouched.leads, row.member.user.name),
    )
    found = [_holder(row, links, now) for row in holders[:MOST_MEMBERS]]
    owned = sum(row.untouched.leads for row in holders)
    more = figures.untouched.leads - sum(row.untouched.leads for row in holders[:MOST_MEMBERS])
    if more > 0:
        text = (
            ngettext("%(n)d more untouched lead.", "%(n)d more untouched leads.", more)
            if len(holders) > MOST_MEMBERS or owned
            else ngettext(
                "%(n)d untouched lead has no owner.", "%(n)d untouched leads have no owner.", more
            )
        )
        found.append(Finding(text % {"n": more}, f"{links.ever}&untouched=1"))
    return found


def _holder(row: MemberRow, links: Links, now: datetime) -> Finding:
    untouched = row.untouched
    said: dict[str, object] = {
        "name": row.member.user.name,
        "n": untouched.leads,
        "when": relative(untouched.oldest, now=now) if untouched.oldest else "–",
    }
    text = ngettext(
        "%(name)s has %(n)d untouched lead, received %(when)s.",
        "%(name)s has %(n)d untouched leads, the oldest received %(when)s.",
        untouched.leads,
    )
    return Finding(text % said, f"{links.ever}&owner={row.member.pk}&untouched=1")
