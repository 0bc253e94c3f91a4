"""Runs of the simulator, to look at."""

from django.contrib import admin

from apps.simulator.models import Simulation
from apps.teams.operators import ReadOnly


@admin.register(Simulation)
class SimulationAdmin(ReadOnly):
    list_display = ("created_at", "name", "state", "leads_done", "leads_total", "team")
    list_filter = ("state", "team")
    exclude = ("body", "trial", "agency_id")
