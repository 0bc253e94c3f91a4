"""Pages of experiments."""

from django.urls import path

from apps.experiments import views

app_name = "experiments"

urlpatterns = [
    path("experiments/", views.experiments, name="experiments"),
    path("experiments/new/", views.new, name="new"),
    path("experiments/<uuid:experiment>/", views.experiment, name="experiment"),
    path("experiments/<uuid:experiment>/start/", views.start, name="start"),
    path("experiments/<uuid:experiment>/stop/", views.stop, name="stop"),
    path("experiments/<uuid:experiment>/discard/", views.discard, name="discard"),
]
