"""What beat starts, and how often. Each task looks for what is due in the database by itself."""

from typing import Any


def every(seconds: float, task: str, *, expires: float) -> dict[str, Any]:
    """A tick that waited longer than `expires` seconds is dropped: the next one does its work."""
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}


SCHEDULE = {
    "expire-due": every(1.0, "assignments.tasks.expire_due", expires=5),
    "retry-captures": every(15.0, "capture.tasks.retry_failed", expires=30),
    "find-silent": every(60.0, "assignments.tasks.find_silent", expires=120),
    "resume-distributions": every(15.0, "assignments.tasks.resume_distributions", expires=30),
    "count-track-records": every(600.0, "assignments.tasks.count_track_records", expires=300),
    "rescore-due": every(600.0, "rules.tasks.rescore_due", expires=300),
    "find-client-warnings": every(600.0, "agency.tasks.find_warnings", expires=300),
    "tend-copies": every(30.0, "agency.tasks.tend_copies", expires=60),
    "send-reports": every(60.0, "agency.tasks.send_reports", expires=60),
    "look-up-leads": every(3.0, "leads.tasks.look_up_due", expires=10),
    "refresh-figures": every(1.0, "dashboards.tasks.refresh", expires=3),
    "send-weekly": every(60.0, "dashboards.tasks.send_weekly", expires=60),
    "tend-simulations": every(15.0, "simulator.tasks.tend", expires=30),
    "send-pushes": every(1.0, "alerts.tasks.send_pushes", expires=5),
    "send-emails": every(3.0, "alerts.tasks.send_emails", expires=10),
}
