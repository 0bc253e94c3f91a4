"""The steps of the first set-up, below /t/<team>/setup/."""

from django.urls import path

from apps.capture import guide_views

app_name = "guide"
urlpatterns = [
    path("source/", guide_views.source, name="source"),
    path("people/", guide_views.people, name="people"),
    path("test/", guide_views.test, name="test"),
    path("test/send/", guide_views.send_test, name="test_send"),
    path("test/arrivals/", guide_views.arrivals, name="arrivals"),
]
