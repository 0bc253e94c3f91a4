"""Who may do what in a team: the table of the product, as data."""

from collections.abc import Mapping
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


def allowed(role: str, switches: frozenset[str]) -> frozenset[Permission]:
    """Every permission of a role with these switches on; none for an unknown role."""
    granted = set(BY_ROLE.get(role, frozenset()))
    if role == Role.VIEWER:
        return frozenset(granted)
    for switch in switches:
        granted |= BY_SWITCH.get(switch, frozenset())
    return frozenset(granted)
