"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up alone: people come by an invitation, the first one by the set-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
