"""Addresses of the sender's side of agreements, below /t/<team>/."""

from django.urls import path

from apps.deliveries.views import agreements

urlpatterns = [
    path("agreements/<uuid:agreement>/ask-again/", agreements.ask_again, name="ask_again"),
    path("agreements/<uuid:agreement>/withdraw/", agreements.withdraw, name="withdraw_question"),
    path("agreements/<uuid:agreement>/accept/", agreements.accept_oneself, name="accept_oneself"),
    path("agreements/<uuid:agreement>/end/", agreements.end, name="end_agreement"),
]
