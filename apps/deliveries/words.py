"""Deliveries in words: how far one came, and why its recipient got the lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.deliveries.models import Delivery, Dispute, Distribution
from apps.routing import explain
from apps.routing.fields import Registry
from apps.rules.models import Recipient, RecipientPool
from apps.rules.recipients.words import why_words

State = Delivery.State
Json = Mapping[str, Any]

# state → (tone, symbol) of its chip
MARKS = {
    State.OFFERED: ("accent", "hand"),
    State.QUEUED: ("line", "hourglass"),
    State.FAILED: ("soon", "rotate-cw"),
    State.SENT: ("calm", "send"),
    State.DELIVERED: ("calm", "check"),
    State.OPENED: ("calm", "check-check"),
    State.DEAD: ("urgent", "circle-x"),
    State.REFUSED: ("urgent", "ban"),
    State.WITHDRAWN: ("line", "undo-2"),
}
SHORT = {State.FAILED: _lazy("failed")}
MEANS = {
    State.OFFERED: _lazy("Offered to several: the first to accept gets it."),
    State.QUEUED: _lazy("It waits to be sent."),
    State.FAILED: _lazy("The last try failed; it is tried again by itself."),
    State.SENT: _lazy("Handed over to the mail server. Nobody can know whether it was read."),
    State.DELIVERED: _lazy("The recipient has it: its system or team confirmed that."),
    State.OPENED: _lazy("The recipient has opened it."),
    State.DEAD: _lazy("Given up after the last try. You can send it once more."),
    State.REFUSED: _lazy("The recipient does not take it."),
    State.WITHDRAWN: _lazy("It was an offer that ended without this recipient."),
}
CHANNELS = {
    Recipient.Kind.TEAM: (_lazy("team"), "building-2"),
    Recipient.Kind.MEMBER: (_lazy("member"), "user"),
    Recipient.Kind.EMAIL: (_lazy("e-mail"), "mail"),
    Recipient.Kind.WEBHOOK: (_lazy("webhook"), "webhook"),
}
RETURNED = {
    Dispute.State.OPEN: (_lazy("return waits"), "soon"),
    Dispute.State.ACCEPTED: (_lazy("returned"), "urgent"),
    Dispute.State.REFUSED: (_lazy("return refused"), "line"),
}
NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A chip: colour is never the only sign."""

    text: str
    tone: str
    symbol: str
    title: str = ""


def state_mark(state: str) -> Mark:
    known = State(state)
    tone, symbol = MARKS[known]
    return Mark(str(SHORT.get(known, known.label)), tone, symbol, str(MEANS[known]))


def channel_mark(channel: str) -> Mark:
    text, symbol = CHANNELS[Recipient.Kind(channel)]
    return Mark(str(text), "", symbol)


def return_mark(dispute: Dispute | None) -> Mark | None:
    if dispute is None:
        return None
    text, tone = RETURNED[Dispute.State(dispute.state)]
    return Mark(str(text), tone, "undo-2", str(dispute.get_reason_display()))


def why(
    distribution: Distribution, delivery: Delivery, registry: Registry, *, timezone: str
) -> list[str]:
    """Sentences: which rule sent it, whom it chose out of whom, what else the rule did."""
    step = _step_of(distribution.trace, str(delivery.recipient_id))
    if step is None:
        return []
    if step.get("by_hand"):
        by = str(distribution.actor) if distribution.actor else _("Leadrelay")
        return [_("%(by)s sent it by hand.") % {"by": by}]
    names = {each["id"]: each["name"] for each in step["recipients"]}
    chosen = [names.get(each, _("a recipient")) for each in step.get("chosen", [])]
    return [
        *_told(_of_rule(distribution.trace, step), names, registry, timezone),
        *_way(step, chosen),
        *_passed_over(step),
        *_what_else(distribution, step),
    ]


def _step_of(trace: Json, recipient: str) -> Json | None:
    steps: list[Json] = trace.get("steps", [])
    return next((each for each in steps if recipient in each.get("chosen", [])), None)


def _of_rule(trace: Json, step: Json) -> Json:
    """The part of the trace that tells of this step's rule and, by turn, of its choice."""
    matched = [each for each in trace.get("rules", []) if each.get("n") == step.get("n")]
    pool = step.get("pool")
    return {
        "rules": [each for each in matched if each["matched"]],
        "steps": [pool] if pool and "candidates" in pool else [],
    }


def _told(trace: Json, names: Mapping[str, str], registry: Registry, timezone: str) -> list[str]:
    return explain.explain(trace, names=names, registry=registry, timezone=timezone)


def _way(step: Json, chosen: list[str]) -> Iterator[str]:
    pool = step.get("pool")
    listed = _listed(chosen)
    if pool is None:
        yield _("It sends a copy to %(names)s.") % {"names": listed}
    elif step.get("way") == RecipientPool.Way.FIRST:
        words = _(
            "It was offered to %(names)s of the pool “%(pool)s”: the first to accept gets it."
        )
        yield words % {"names": listed, "pool": pool["pool"]["name"]}
    elif step.get("way") == RecipientPool.Way.ALL:
        words = _("Everyone in the pool “%(pool)s” gets a copy: %(names)s.")
        yield words % {"names": listed, "pool": pool["pool"]["name"]}


def _passed_over(step: Json) -> Iterator[str]:
    for each in step["recipients"]:
        if each["skip"]:
            said = {"name": each["name"], "why": why_words(each["skip"])}
            yield _("%(name)s was passed over: it %(why)s.") % said


def _what_else(distribution: Distribution, step: Json) -> Iterator[str]:
    if step.get("keeps_out"):
        yield _("The rule keeps the lead out of your own team.")
        if distribution.returned_at is not None:
            yield _("No copy is with anybody any more, so the lead came back to your rules.")
    if step.get("stops"):
        yield _("No rule after this one was asked.")


def _listed(names: list[str]) -> str:
    shown, more = names[:NAMES_SHOWN], len(names[NAMES_SHOWN:])
    if more:
        shown.append(_("%(n)d more") % {"n": more})
    return _("%(first)s and %(last)s") % {
        "first": ", ".join(shown[:-1]), "last": shown[-1],
    } if len(shown) > 1 else "".join(shown)  # fmt: skip
