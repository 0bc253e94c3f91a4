"""Addresses of rules and pools, below /t/<team>/."""

from django.urls import path

from apps.rules.views import accounts, ledger, pools, rules, skills, versions

app_name = "rules"
urlpatterns = [
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.save, name="new"),
    path("rules/probe/", rules.probe_rule, name="probe"),
    path("rules/compare/", versions.compare, name="compare"),
    path("rules/publish/", versions.publish, name="publish"),
    path("rules/discard/", versions.discard, name="discard"),
    path("rules/versions/", versions.history, name="history"),
    path("rules/versions/<int:number>/", versions.version, name="version"),
    path("rules/versions/<int:number>/roll-back/", versions.roll_back, name="roll_back"),
    path("rules/<uuid:rule>/", rules.save, name="rule"),
    path("rules/<uuid:rule>/move/", rules.move, name="move"),
    path("rules/<uuid:rule>/switch/", rules.switch, name="switch"),
    path("rules/<uuid:rule>/undo/", rules.undo, name="undo"),
    path("rules/<uuid:rule>/remove/", rules.remove, name="remove"),
    path("rules/<uuid:rule>/leads/", rules.caught, name="caught"),
    path("pools/", pools.pool_list, name="pools"),
    path("pools/new/", pools.new_pool, name="new_pool"),
    path("pools/<uuid:pool>/", pools.pool, name="pool"),
    path("pools/<uuid:pool>/edit/", pools.edit, name="edit_pool"),
    path("pools/<uuid:pool>/seats/", pools.add_seat, name="add_seat"),
    path("pools/<uuid:pool>/seats/save/", pools.save_seats, name="save_seats"),
    path("pools/<uuid:pool>/seats/<uuid:seat>/remove/", pools.remove_seat, name="remove_seat"),
    path("pools/<uuid:pool>/seats/<uuid:seat>/credit/", pools.adjust, name="adjust_credit"),
    path("pools/<uuid:pool>/ledger/", ledger.pool_ledger, name="ledger"),
    path("pools/<uuid:pool>/revisions/", ledger.revisions, name="revisions"),
    path("my-turns/", ledger.my_turns, name="my_turns"),
    path("settings/skills/", skills.skills, name="skills"),
    path("settings/skills/add/", skills.add, name="skill_add"),
    path("settings/skills/<uuid:skill>/", skills.skill, name="skill"),
    path("settings/skills/<uuid:skill>/remove/", skills.remove, name="skill_remove"),
    path("settings/accounts/", accounts.accounts, name="accounts"),
    path("settings/accounts/add/", accounts.add, name="account_add"),
    path("settings/accounts/paste/", accounts.paste, name="accounts_paste"),
    path("settings/accounts/<uuid:account>/", accounts.account, name="account"),
    path("settings/accounts/<uuid:account>/remove/", accounts.remove, name="account_remove"),
]
