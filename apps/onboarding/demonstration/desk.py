"""How owners work: who is quick, who is reached, what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from apps.assignments.models import Assignment
from apps.assignments.road import timers
from apps.leads.models import Activity, Lead, StatusKind
from apps.leads.services import CONTACT
from apps.onboarding.demonstration import cast
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.casebook import Case, Casebook
from apps.onboarding.demonstration.company import FLOOR, Company

# What follows from a deadline once its row was won: the timers' own deeds, at a past moment.
AFTER = {timer.name: timer.act for timer in timers.TIMERS}
_CHANNELS = {"call": 62, "whatsapp": 14, "email": 16, "sms": 8}
_ANSWERS = {
    "call": {"talked": 44, "no_answer": 34, "voicemail": 19, "wrong_number": 3},
    "whatsapp": {"sent": 55, "replied": 45},
    "email": {"sent": 72, "replied": 28},
    "sms": {"sent": 70, "replied": 30},
}
_MOST_ATTEMPTS = 6
_NEVER, _FORGOTTEN, _NOTED, _QUALIFIED, _WON = 0.04, 0.2, 0.25, 0.62, 0.48
# What slips through is found within two days.
_FOUND = timedelta(days=2)


class Desk:
    """Everybody's work. `follow` is called with a lead that was taken back from its owner."""

    def __init__(
        self, company: Company, agenda: Agenda, follow: Callable[[UUID, datetime], None]
    ) -> None:
        self._agenda, self._chance, self._follow = agenda, agenda.chance, follow
        self._people = {access.member_id: access for access in company.salespeople}
        # Some are quick, some are slow, and it stays so: minutes to the first attempt.
        self._pace = {member_id: self._chance.uniform(0.8, 3.6) for member_id in self._people}
        self._pace_now: Callable[[datetime], float] = lambda when: 1
        self.book = Casebook.of(company.team)

    def work_at(self, pace: float, *, slower_from: datetime | None = None, times: int = 1) -> None:
        """Let everybody take so many times as long, and from a moment on that many times again."""
        slow = pace * times
        self._pace_now = lambda when: slow if slower_from and when >= slower_from else pace

    def take(self, lead: Lead, when: datetime) -> None:
        """A new owner: plan the first attempt, or that it does not come in time."""
        by = self._people[lead.owner_id]
        mine = Assignment.objects.select_related("pool").get(lead=lead, ended_at=None)
        pace = self._pace[lead.owner_id] * self._pace_now(when)
        first = when + self._agenda.minutes(pace)
        due = mine.respond_by
        if due and mine.pool and mine.pool.name == FLOOR:
            first = min(first, when + (due - when) * 0.9)
        if due and first >= due:
            self._agenda.at(due, lambda at: self._take_back(mine, at))
        elif due or not self._slips(_NEVER, when):
            case = self.book.open(lead, mine, by)
            self._agenda.at(first, lambda at: self._attempt(case, 1, at))

    def _slips(self, chance: float, when: datetime) -> bool:
        return when > self._agenda.until - _FOUND and self._chance.random() < chance

    def _take_back(self, mine: Assignment, at: datetime) -> None:
        Assignment.objects.filter(pk=mine.pk).update(
            ended_at=at, end_reason=Assignment.Ended.TIMEOUT
        )
        AFTER["taken_back"](mine.pk, at)
        self._follow(mine.lead_id, at)

    def _attempt(self, case: Case, number: int, at: datetime) -> None:
        case.finish_follow_up(at)
        channel = self._one_of(_CHANNELS)
        outcome = self._one_of(_ANSWERS[channel])
        told_at = at + timedelta(seconds=self._chance.randrange(30, 300))
        case.attempt(channel, outcome=outcome, at=at, told_at=told_at)
        if self._chance.random() < _NOTED:
            case.note_down(Activity.Kind.NOTE, told_at, text=self._chance.choice(cast.NOTES))
        if outcome in CONTACT or number == _MOST_ATTEMPTS:
            later = told_at + timedelta(hours=self._chance.uniform(4, 90))
            self._agenda.at(self._agenda.working_hours(later), lambda then: self._judge(case, then))
        else:
            self._try_again(case, number + 1, told_at)

    def _try_again(self, case: Case, number: int, now: datetime) -> None:
        """Mostly in time, sometimes late, and now and then forgotten."""
        later = now + timedelta(hours=self._chance.uniform(2, 40))
        due = self._agenda.working_hours(later)
        case.plan(due, now=now, step=self._chance.choice(cast.NEXT_STEPS))
        if not self._slips(_FORGOTTEN, due):
            when = due + timedelta(minutes=self._chance.choice((-25, -10, -5, 0, 0, 15, 120)))
            self._agenda.at(max(when, now), lambda at: self._attempt(case, number, at))

    def _judge(self, case: Case, at: datetime) -> None:
        """After a contact a lead is qualified or lost; without any it is given up."""
        if case.lead.first_contact_at is None or self._chance.random() > _QUALIFIED:
            case.change_status(StatusKind.LOST, at)
            return
        case.change_status(StatusKind.QUALIFIED, at)
        ends = at + timedelta(days=self._chance.uniform(2, 14))
        self._agenda.at(self._agenda.working_hours(ends), lambda then: self._close(case, then))

    def _close(self, case: Case, at: datetime) -> None:
        if self._chance.random() > _WON:
            case.change_status(StatusKind.LOST, at)
            return
        worth = self._chance.randrange(8, 240) * 50_000
        case.win(at, order={"order_value": worth, "order_value_currency": "EUR"})

    def plan_today(self) -> None:
        """Everybody has something to do later today, and is late with something."""
        now = self._agenda.until
        for place, member_id in enumerate(self._people):
            hours = (1 + place % 5, -2 - place % 3, 3 + place % 4)
            dues = [now + timedelta(hours=ahead) for ahead in hours]
            steps = cast.NEXT_STEPS[place % 3 :]
            for case in reversed(self.book.cases):
                is_hers = case.assignment.member_id == member_id and case.lead.is_open
                if dues and is_hers and case.lead.first_attempt_at and not case.follow_up:
                    since = max(case.lead.first_attempt_at, _a_day_before(now))
                    case.plan(dues.pop(0), now=since, step=steps[len(dues)])

    def _one_of(self, weights: dict[str, int]) -> str:
        return self._chance.choices(tuple(weights), tuple(weights.values()))[0]


def _a_day_before(now: datetime) -> datetime:
    return now - timedelta(days=1)
