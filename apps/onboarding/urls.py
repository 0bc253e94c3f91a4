"""The steps of the first set-up, below /t/<team>/setup/."""

from django.urls import path

from apps.onboarding import views

app_name = "guide"
urlpatterns = [
    path("source/", views.source, name="source"),
    path("people/", views.people, name="people"),
    path("test/", views.test, name="test"),
    path("test/send/", views.send_test, name="test_send"),
    path("test/arrivals/", views.arrivals, name="arrivals"),
]
