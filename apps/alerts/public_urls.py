"""Of a person, whatever her teams."""

from django.urls import path

from apps.alerts.push import views

app_name = "push"
urlpatterns = [
    path("push/", views.subscribe, name="subscribe"),
    path("push/stop/", views.unsubscribe, name="unsubscribe"),
]
