"""Below /t/<team>/."""

from django.urls import path

from apps.alerts import views
from apps.alerts.push.views import device_list

app_name = "alerts"
urlpatterns = [
    path("alerts/", views.alert_list, name="list"),
    path("alerts/read/", views.read_all, name="read_all"),
    path("alerts/devices/", device_list, name="devices"),
    path("alerts/<uuid:alert>/", views.open_alert, name="open"),
]
