"""A report as figures and tables of ready words: what the page and the PDF both draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from apps.agency.outcomes import Outcome
from apps.agency.reports.content import Report, Sent
from apps.dashboards.costs.spending import Line
from apps.dashboards.figures.breakdowns import Part
from apps.dashboards.figures.metrics import FEWEST, MemberRow, share
from apps.dashboards.showing import words
from apps.leads.speed import target_in_words
from apps.teams.presentation import money, relative

Change = tuple[str, bool | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it was before, what it counts, and the filter of its leads."""

    name: str
    value: str
    change: Change
    definition: str
    query: str = ""
    note: str = ""

    @property
    def is_words(self) -> bool:
        """Whether the value is longer than a number."""
        return len(self.value) > 9


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words; the first cell names its row. `foot` sums them up."""

    key: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str
    foot: Sequence[str] = ()


def figures(report: Report) -> list[Figure]:
    """Every figure with its definition, the volume first."""
    found = [_received(report), *_sent_figures(report), *_speeds(report), *_rates(report),
             _untouched(report)]  # fmt: skip
    return [*found, *_costs(report)]


def tables(report: Report) -> list[Table]:
    """By source, by campaign, by member where they are shown, and what became of deliveries."""
    shown = [_by_part(report, "source"), _by_part(report, "campaign")]
    if report.members is not None:
        shown.append(_members(report.members))
    return [*shown, *(_deliveries(sent) for sent in report.sent)]


def _received(report: Report) -> Figure:
    now, before = report.figures.now.received, report.figures.before.received
    return Figure(
        _("Received"), intcomma(now), words.count_change(now, before),
        _("Leads that came in, without spam and tests; a duplicate is no lead of its own."),
        "counted=1",
    )  # fmt: skip


def _sent_figures(report: Report) -> list[Figure]:
    """What agencies delivered; one that sent nothing says nothing."""
    return [
        Figure(
            _("Delivered by %(agency)s") % {"agency": sent.agency.name},
            intcomma(sent.total.delivered), ("", None),
            _("Leads that the agency’s own team handed over in these days."), "",
            _("%(n)s returned") % {"n": intcomma(sent.total.returned)},
        )
        for sent in report.sent
    ]  # fmt: skip


def _speeds(report: Report) -> list[Figure]:
    now, before = report.figures.now, report.figures.before
    target = target_in_words(report.target)
    hidden = _("shown from %(n)d leads on") % {"n": FEWEST} if now.median.is_hidden else ""
    return [
        Figure(_("Median speed to lead"), words.time_of(now.median),
               words.speed_change(now, before),
               _("Received to the first attempt by anyone, day and night. Half of the leads were "
                 "answered at least so fast; a lead without an attempt counts as infinitely slow."),
               "counted=1", hidden),
        Figure("P90", words.time_of(now.p90), ("", None),
               _("Nine in ten leads were answered at least so fast; “not reached” while more than "
                 "a tenth have no attempt."), "counted=1", hidden),
        Figure(_("Within target"), words.percent(now.within_target),
               words.points_change(now.within_target, before.within_target),
               _("Attempted within %(target)s ÷ leads attempted or past that time.")
               % {"target": target}, "counted=1&target=met"),
    ]  # fmt: skip


def _rates(report: Report) -> list[Figure]:
    now, before = report.figures.now, report.figures.before
    return [
        _rate(_("Attempted"), now.attempted, now.received, (before.attempted, before.received),
              _("Leads with a call, message or e-mail by a person ÷ received."), ""),
        _rate(_("Contacted"), now.contacted, now.received, (before.contacted, before.received),
              _("Leads that replied or were talked to ÷ received."), "counted=1&contacted=1"),
        _rate(_("Qualified"), now.ever_qualified, now.received,
              (before.ever_qualified, before.received),
              _("Leads that ever were qualified, the won ones too ÷ received."), ""),
        _rate(_("Won"), now.won, now.received, (before.won, before.received),
              _("Leads received in these days that are won by now ÷ received."),
              "counted=1&status=won"),
    ]  # fmt: skip


def _rate(
    name: str, part: int, whole: int, before: tuple[int, int], definition: str, query: str
) -> Figure:
    rate = share(part, whole)
    change = words.points_change(rate, share(*before))
    said = {"part": intcomma(part), "whole": intcomma(whole)}
    return Figure(
        name, words.percent(rate), change, definition, query, _("%(part)s of %(whole)s") % said
    )


def _untouched(report: Report) -> Figure:
    untouched = report.figures.untouched
    oldest = relative(untouched.oldest, now=report.made_at) if untouched.oldest else ""
    return Figure(
        _("Untouched now"), intcomma(untouched.leads), ("", None),
        _("Open and without an attempt when this report was made, whenever they came in."),
        "untouched=1", _("oldest %(when)s") % {"when": oldest} if oldest else "",
    )  # fmt: skip


def _costs(report: Report) -> list[Figure]:
    if report.costs is None:
        return []
    total, currency = report.costs.total, report.team.currency
    return [
        Figure(_("Spent"), money(total.spent_minor, currency), ("", None),
               _("Costs that were entered; of those over more days, what falls into these.")),
        Figure(_("Per contacted lead"), _price(total.per_contacted, currency), ("", None),
               _("Spent ÷ leads that replied or were talked to.")),
        Figure(_("Per won lead"), _price(total.per_won, currency), ("", None),
               _("Spent ÷ leads that are won by now.")),
    ]  # fmt: skip


def _by_part(report: Report, key: str) -> Table:
    is_source = key == "source"
    parts = report.source_parts if is_source else report.campaign_parts
    columns = [
        _("Source") if is_source else _("Campaign"), _("Leads"), _("Median"), "P90", _("In target"),
        _("Contacted"), _("Qualified"), _("Won"),
    ]  # fmt: skip
    lines: Mapping[str, Line] = {}
    if report.costs is not None:
        lines = report.costs.by_source if is_source else report.costs.by_campaign
        columns += [_("Per contacted")]
    price = _pricing(report, lines) if report.costs else None
    return Table(
        key,
        _("By source") if is_source else _("By campaign"),
        columns,
        [_part(part, price) for part in parts],
        _part_note(report),
    )


def _part_note(report: Report) -> str:
    note = _("Median and P90 are shown from %(n)d leads on; shares are of the leads received.") % {
        "n": FEWEST
    }
    if report.costs is None:
        return note
    return note + " " + _("Per contacted: what the source or campaign cost ÷ its contacted leads.")


def _pricing(report: Report, lines: Mapping[str, Line]) -> Callable[[Part], str]:
    def price(part: Part) -> str:
        line = lines.get(part.key)
        if line is None or not line.spent or not part.now.contacted:
            return "–"
        return _price(round(line.spent / part.now.contacted), report.team.currency)

    return price


def _part(part: Part, price: Callable[[Part], str] | None) -> list[str]:
    now = part.now
    row = [
        part.name, intcomma(now.received), words.time_of(now.median), words.time_of(now.p90),
        words.percent(now.within_target), words.percent(now.contact_rate),
        words.percent(now.qualified_rate), f"{intcomma(now.won)} ({words.percent(now.won_rate)})",
    ]  # fmt: skip
    return [*row, price(part)] if price else row


def _members(rows: Sequence[MemberRow]) -> Table:
    return Table(
        "members",
        _("By member"),
        [_("Member"), _("Received"), _("Median"), _("In target"), _("Contacted"), _("Won"),
         _("Untouched now")],
        [
            [row.member.user.name, intcomma(row.received), words.time_of(row.median),
             words.percent(row.within_target), words.percent(row.contact_rate),
             intcomma(row.won), intcomma(row.untouched.leads)]
            for row in rows
        ],
        _("Median: assignment to the member’s own first attempt. Contacted and won: leads that are "
          "the member’s now."),
    )  # fmt: skip


def _deliveries(sent: Sent) -> Table:
    return Table(
        "outcomes",
        _("What became of the leads from %(agency)s") % {"agency": sent.agency.name},
        [_("Campaign"), _("Sent"), _("Delivered"), _("Failed"), _("Returned"), _("Attempted"),
         _("Contacted"), _("Qualified"), _("Won")],
        [[line.campaign or _("No campaign"), *_outcome(line.outcome)] for line in sent.lines],
        _("Sent: copies handed over in these days. Failed: given up, refused or withdrawn. "
          "Returned: disputed, and accepted or still open. The rest is how far the lead came by "
          "now; shares are of the delivered."),
        [_("All"), *_outcome(sent.total)],
    )  # fmt: skip


def _outcome(one: Outcome) -> list[str]:
    plain = [one.sent, one.delivered, one.failed, one.returned]
    return [
        *map(intcomma, plain),
        f"{intcomma(one.attempted)} ({words.percent(one.attempt_rate)})",
        f"{intcomma(one.contacted)} ({words.percent(one.contact_rate)})",
        intcomma(one.qualified),
        f"{intcomma(one.won)} ({words.percent(one.won_rate)})",
    ]


def _price(minor: int | None, currency: str) -> str:
    return "–" if minor is None else money(minor, currency)
