"""Below /t/<team>/."""

from django.urls import path

from apps.content import views

app_name = "content"
urlpatterns = [
    path("scripts/", views.scripts, name="scripts"),
    path("scripts/new/", views.new_script, name="new"),
    path("scripts/<uuid:script>/", views.edit_script, name="edit"),
    path("scripts/<uuid:script>/move/", views.move_script, name="move"),
    path("scripts/<uuid:script>/remove/", views.remove_script, name="remove"),
    path("scripts/<uuid:script>/restore/", views.restore_script, name="restore"),
]
