"""Who may do what in a team: the table of the product, as data."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    SALESPERSON = "salesperson", _("Salesperson")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Admin")
    VIEWER = "viewer", _("Viewer")


class Switch(models.TextChoices):
    """What a team may allow a single member beyond the role."""

    SEE_UNASSIGNED = "see_unassigned", _("sees and claims unassigned leads")
    SEE_OTHERS = "see_others", _("sees and edits others’ leads")
    EDIT_CONTENT = "edit_content", _("edits scripts")
    EDIT_GROUPS = "edit_groups", _("edits interest groups")
    EXPORT = "export", _("exports leads")
    DELETE = "delete", _("deletes leads")


class Grant(models.TextChoices):
    """What a client may let an agency do beyond seeing figures."""

    SEE_LEADS = "see_leads", _("see leads")
    ACT_ON_LEADS = "act_on_leads", _("act on leads: take, hand over, log, change the status")
    EDIT_ROUTING = "edit_routing", _("rules and pools")
    EDIT_SOURCES = "edit_sources", _("sources and captures")
    EDIT_CONTENT = "edit_content", _("scripts")
    EDIT_MEMBERS = "edit_members", _("members and invitations")


class Permission(StrEnum):
    """One thing somebody may do. Views and services ask for these, never for roles."""

    SEE_TEAM = "see_team"
    WORK_LEADS = "work_leads"
    SEE_UNASSIGNED = "see_unassigned"
    SEE_OTHERS = "see_others"
    EDIT_OTHERS = "edit_others"
    ADD_LEADS = "add_leads"
    REASSIGN = "reassign"
    PAUSE_OWN = "pause_own"
    PAUSE_OTHERS = "pause_others"
    ADJUST_CREDIT = "adjust_credit"
    SEE_ROUTING = "see_routing"
    EDIT_ROUTING = "edit_routing"
    EDIT_SOURCES = "edit_sources"
    SEE_CAPTURES = "see_captures"
    IMPORT = "import"
    SEE_DECISIONS = "see_decisions"
    SEE_DASHBOARD = "see_dashboard"
    USE_CONTENT = "use_content"
    EDIT_CONTENT = "edit_content"
    EDIT_GROUPS = "edit_groups"
    EXPORT = "export"
    DELETE_LEADS = "delete_leads"
    SEE_MEMBERS = "see_members"
    INVITE_SALESPEOPLE = "invite_salespeople"
    EDIT_MEMBERS = "edit_members"
    EDIT_TEAM = "edit_team"
    SEE_AUDIT = "see_audit"


_P = Permission
_SALES = frozenset({_P.SEE_TEAM, _P.WORK_LEADS, _P.ADD_LEADS, _P.PAUSE_OWN, _P.USE_CONTENT})
_MANAGER = _SALES | {
    _P.SEE_UNASSIGNED, _P.SEE_OTHERS, _P.EDIT_OTHERS, _P.REASSIGN, _P.PAUSE_OTHERS,
    _P.ADJUST_CREDIT, _P.SEE_ROUTING, _P.EDIT_ROUTING, _P.EDIT_SOURCES, _P.SEE_CAPTURES,
    _P.IMPORT, _P.SEE_DECISIONS, _P.SEE_DASHBOARD, _P.EDIT_CONTENT, _P.EDIT_GROUPS,
    _P.SEE_MEMBERS, _P.INVITE_SALESPEOPLE,
}  # fmt: skip

BY_ROLE: Mapping[str, frozenset[Permission]] = {
    Role.SALESPERSON: _SALES,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Permission),
    Role.VIEWER: frozenset({_P.SEE_TEAM, _P.SEE_OTHERS, _P.SEE_DASHBOARD}),
}

BY_SWITCH: Mapping[str, frozenset[Permission]] = {
    Switch.SEE_UNASSIGNED: frozenset({_P.SEE_UNASSIGNED}),
    Switch.SEE_OTHERS: frozenset({_P.SEE_OTHERS, _P.EDIT_OTHERS}),
    Switch.EDIT_CONTENT: frozenset({_P.EDIT_CONTENT}),
    Switch.EDIT_GROUPS: frozenset({_P.EDIT_GROUPS}),
    Switch.EXPORT: frozenset({_P.EXPORT}),
    Switch.DELETE: frozenset({_P.DELETE_LEADS}),
}


# What each grant lets operators do in a client. Exports, deletions, members' availability and turn
# credit, other agencies and the team's own settings are never granted. What only a member can do
# (own a lead, log her attempt) is refused to operators where it is done.
BY_GRANT: Mapping[str, frozenset[Permission]] = {
    Grant.SEE_LEADS: frozenset({
        _P.SEE_OTHERS, _P.SEE_UNASSIGNED, _P.SEE_DECISIONS,
    }),
    Grant.ACT_ON_LEADS: frozenset({
        _P.SEE_OTHERS, _P.SEE_UNASSIGNED, _P.WORK_LEADS, _P.EDIT_OTHERS, _P.ADD_LEADS,
        _P.REASSIGN, _P.SEE_DECISIONS, _P.USE_CONTENT,
    }),
    Grant.EDIT_ROUTING: frozenset({_P.SEE_ROUTING, _P.EDIT_ROUTING, _P.SEE_MEMBERS}),
    Grant.EDIT_SOURCES: frozenset({_P.EDIT_SOURCES, _P.SEE_CAPTURES, _P.IMPORT}),
    Grant.EDIT_CONTENT: frozenset({_P.USE_CONTENT, _P.EDIT_CONTENT}),
    Grant.EDIT_MEMBERS: frozenset({_P.SEE_MEMBERS, _P.INVITE_SALESPEOPLE}),
}  # fmt: skip
# With one of these, leads themselves are seen and not only counted.
LOOKS_AT_LEADS = frozenset({Grant.SEE_LEADS.value, Grant.ACT_ON_LEADS.value})
# The role of an operator in a client: it is no member's.
OPERATOR = "operator"
BY_ANY_GRANT = frozenset({_P.SEE_TEAM, _P.SEE_DASHBOARD})


def granted(allows: Iterable[str]) -> frozenset[Permission]:
    """Every permission of an operator in a client that grants these."""
    found = set(BY_ANY_GRANT)
    for grant in allows:
        found |= BY_GRANT.get(grant, frozenset())
    return frozenset(found)


def allowed(role: str, switches: frozenset[str]) -> frozenset[Permission]:
    """Every permission of a role with these switches on; none for an unknown role."""
    granted = set(BY_ROLE.get(role, frozenset()))
    if role == Role.VIEWER:
        return frozenset(granted)
    for switch in switches:
        granted |= BY_SWITCH.get(switch, frozenset())
    return frozenset(granted)
