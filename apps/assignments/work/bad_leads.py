"""Reports of bad leads: a salesperson says so, a manager decides whether her turn comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.assignments.models import Assignment, BadLeadReport
from apps.assignments.moves.leaving import Grip, grip
from apps.assignments.road import rows
from apps.assignments.road.telling import managers, tell, users
from apps.assignments.work.attempts import UNCONFIRMED_HOLDS, change_status
from apps.leads.models import Activity, Lead, Status, StatusKind
from apps.leads.services import activity
from apps.rules.models import TurnEntry
from apps.rules.pools import give_backs
from apps.rules.pools import services as pools
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, member_id_of
from apps.teams.permissions import Permission
from apps.teams.scope import deed

State = BadLeadReport.State
# While a manager has not decided, nobody else is sent the lead; but not for ever.
HELD_FOR = timedelta(days=1)
LONGEST_NOTE = 500


class ReportRefused(ValueError):
    """It can't be reported, or was decided already; the message says why."""


@transaction.atomic
def report(lead: Lead, *, reason: str, note: str = "", by: Access, now: datetime) -> BadLeadReport:
    """The owner says that a lead is worth nothing; the managers are told, its clock waits.

    ReportRefused for an unknown reason, a lead that is not hers or closed, or a second report.
    """
    if reason not in BadLeadReport.Reason.values:
        raise ReportRefused(_("Choose what is wrong with the lead."))
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > LONGEST_NOTE:
        raise ReportRefused(_("Use at most %(n)d characters.") % {"n": LONGEST_NOTE})
    held = grip(lead.pk, by)
    _refuse_to_report(held, by)
    made: BadLeadReport = BadLeadReport.objects.create(
        team_id=held.lead.team_id, lead=held.lead, member_id=member_id_of(by), reason=reason,
        note=note, at=now, **deed(by),
    )  # fmt: skip
    _stop_take_back(held, until=now + HELD_FOR)
    data = {"reason": reason, "note": note}
    activity(held.lead, Activity.Kind.REPORTED, by=by, now=now, data=data).save()
    everyone = users(managers(by.team))
    others = [user for user in everyone if user != by.actor_id] or everyone
    told = tell(others, Kind.REPORTED, held.lead, reason=reason, by=str(by.user))
    alerts.raise_alerts(told, team=by.team, now=now)
    return made


def _refuse_to_report(held: Grip, by: Access) -> None:
    by.require(Permission.WORK_LEADS)
    if by.member_id is None or held.lead.owner_id != by.member_id:
        raise ReportRefused(_("Only the owner of a lead can report it."))
    if not held.lead.is_open:
        raise ReportRefused(_("This lead is closed already."))
    if BadLeadReport.objects.filter(lead=held.lead, state=State.OPEN).exists():
        raise ReportRefused(_("It is reported already; a manager will decide."))


@transaction.atomic
def accept(report: BadLeadReport, *, by: Access, now: datetime) -> BadLeadReport:
    """Close the lead with the report's reason and give the turn back as its pool says, once.

    ReportRefused if it was decided meanwhile or can't be closed; Lead.DoesNotExist if it is gone.
    """
    held = _decide(report, State.ACCEPTED, by, now)
    entry = turn_of(report)
    # The pool before members and seats, in the order of locks: closing frees the owner's place.
    pool = pools.lock(entry.pool) if entry else None
    reason = str(BadLeadReport.Reason(report.reason).label)
    status = _closing_status(by)
    lead = change_status(held.lead, status=status, by=by, now=now, reason=reason)
    if report.reason == BadLeadReport.Reason.SPAM:
        Lead.objects.filter(pk=lead.pk).update(is_spam=True)
    if entry and pool and give_backs.of_bad_lead(entry, pool=pool, now=now):
        report.gave_back = True
        report.save(update_fields=["gave_back"])
    said = "turn_given_back" if report.gave_back else "report_accepted"
    _tell_of_decision(report, lead, said, by=by, now=now)
    return report


def _closing_status(by: Access) -> Status:
    try:
        return rows.first_status(by.team, StatusKind.DISQUALIFIED)
    except LookupError as error:
        words = _("Your team has no status for disqualified leads in use: switch one on first.")
        raise ReportRefused(words) from error


@transaction.atomic
def refuse(report: BadLeadReport, *, by: Access, now: datetime) -> BadLeadReport:
    """The lead stays hers, with a little time before its deadline counts again.

    Raises as `accept`.
    """
    held = _decide(report, State.REFUSED, by, now)
    if held.assignment is not None and held.assignment.member_id == report.member_id:
        _stop_take_back(held, until=now + UNCONFIRMED_HOLDS)
    _tell_of_decision(report, held.lead, "report_refused", by=by, now=now)
    return report


def turn_of(report: BadLeadReport) -> TurnEntry | None:
    """The turn that this lead cost the member who reports it, the latest if several did."""
    seats = Assignment.objects.filter(
        lead=report.lead_id, member=report.member_id, seat__isnull=False
    ).values_list("seat", flat=True)
    turns = TurnEntry.objects.filter(
        team=report.team_id, lead=report.lead_id, reason=TurnEntry.Reason.TURN
    )
    mine = turns.filter(winner__membership=report.member_id) | turns.filter(winner__in=seats)
    latest: TurnEntry | None = mine.select_related("pool").order_by("-at", "-turn_no").first()
    return latest


def _decide(report: BadLeadReport, state: State, by: Access, now: datetime) -> Grip:
    """Whoever decides first decides; the lead is under lock then."""
    by.require(Permission.ADJUST_CREDIT)
    held = grip(report.lead_id, by)
    changes = {"state": state, "decided_at": now, "decided_by": by.user}
    if not BadLeadReport.objects.filter(pk=report.pk, state=State.OPEN).update(**changes):
        raise ReportRefused(_("Somebody has decided this already."))
    report.refresh_from_db()
    return held


def _stop_take_back(held: Grip, *, until: datetime) -> None:
    if held.assignment is not None:
        Assignment.objects.filter(pk=held.assignment.pk).update(held_until=until)


def _tell_of_decision(
    report: BadLeadReport, lead: Lead, said: str, *, by: Access, now: datetime
) -> None:
    accepted = report.state == State.ACCEPTED
    data = {"accepted": accepted, "reason": report.reason, "gave_back": report.gave_back}
    activity(lead, Activity.Kind.REPORT_DECIDED, by=by, now=now, data=data).save()
    audit.record(by=by, action=f"report.{report.state}", target=lead, now=now, detail=data)
    member = Membership.objects.get(pk=report.member_id)
    told = tell([member.user_id], Kind.REPORT_DECIDED, lead, reason=said)
    alerts.raise_alerts(told, team=by.team, now=now)
