"""Addresses of sources: open to whoever knows their token."""

from django.urls import path

from apps.capture.views import hosted_form, webhook

app_name = "capture_public"
urlpatterns = [
    path("capture/<str:token>/", webhook.receive, name="receive"),
    # As people copy it: a redirect to the slash would lose the body.
    path("capture/<str:token>", webhook.receive),
    path("f/<str:token>/", hosted_form.page, name="form"),
    path("f/<str:token>/thanks/", hosted_form.thanks, name="thanks"),
]
