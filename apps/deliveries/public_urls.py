"""Addresses for recipients without an account: signed links out of e-mails."""

from django.urls import path

from apps.deliveries.views import adopting, public

app_name = "deliveries_public"
urlpatterns = [
    path("<str:token>/", public.copy, name="copy"),
    path("<str:token>/accept/", public.accept, name="accept"),
    path("<str:token>/decline/", public.decline, name="decline"),
    path("<str:token>/return/", public.give_back, name="return"),
    path("<str:token>/account/", adopting.adopt, name="adopt"),
]
