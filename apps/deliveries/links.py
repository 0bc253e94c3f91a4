"""Signed addresses of copies: whoever has one may see the copy, and nobody can make one up.

One address for a delivery, for good: what it shows follows the state of the delivery. So an offer
turns into the lead once it is accepted, and a withdrawn copy shows nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer, TimestampSigner
from django.urls import reverse

from apps.deliveries.models import Delivery

_SALT = "deliveries.copy"
_PROOF_SALT = "deliveries.mailbox"
PROOF_HOLDS = timedelta(days=1)
LONGEST = 200


def token_of(delivery: Delivery) -> str:
    """What stands in the address: the delivery's id, signed."""
    short = urlsafe_b64encode(delivery.pk.bytes).decode().rstrip("=")
    return _signer().sign(short)


def path_of(delivery: Delivery) -> str:
    return reverse("deliveries_public:copy", kwargs={"token": token_of(delivery)})


def address_of(delivery: Delivery) -> str:
    """The page of the copy (of the offer, while it is one)."""
    return settings.PUBLIC_URL + path_of(delivery)


def accept_address_of(delivery: Delivery) -> str:
    """Where an offer is accepted by a POST; a GET shows the offer and accepts nothing."""
    path = reverse("deliveries_public:accept", kwargs={"token": token_of(delivery)})
    return settings.PUBLIC_URL + path


def return_address_of(delivery: Delivery) -> str:
    """Where the recipient returns the lead."""
    return address_of(delivery) + "#return"


def adopt_address_of(delivery: Delivery) -> str:
    """Where somebody takes this copy, and all later ones, into a team of theirs."""
    path = reverse("deliveries_public:adopt", kwargs={"token": token_of(delivery)})
    return settings.PUBLIC_URL + path


def find(token: str) -> Delivery | None:
    """The delivery of a token that we signed, with its recipient and team; None otherwise."""
    pk = _id(token)
    if pk is None:
        return None
    rows = Delivery.objects.select_related("team", "lead", "recipient__agreement", "pool")
    return rows.filter(pk=pk, team__is_active=True).first()


def proof_of(delivery: Delivery) -> str:
    """For a mail to the recipient's own address: whoever has it reads that mailbox.

    The link of a copy proves no such thing: people forward their leads.
    """
    return _prover().sign(f"{token_of(delivery)}~{delivery.recipient.email}")


def proven(proof: str) -> tuple[Delivery, str] | None:
    """The delivery and the address that was proven, for a day."""
    try:
        token, _tilde, email = _prover().unsign(proof, max_age=PROOF_HOLDS).partition("~")
    except BadSignature:
        return None
    delivery = find(token)
    return (delivery, email) if delivery is not None and email else None


def _prover() -> TimestampSigner:
    return TimestampSigner(salt=_PROOF_SALT, sep="!")


def _id(token: str) -> UUID | None:
    if len(token) > LONGEST:
        return None
    try:
        short = _signer().unsign(token)
        return UUID(bytes=urlsafe_b64decode(short + "=="))
    except (BadSignature, ValueError):
        return None


def _signer() -> Signer:
    return Signer(salt=_SALT, sep=".")
