"""Addresses of recipients and their pools, below /t/<team>/."""

from django.urls import path

from apps.deliveries.views import recipient_deeds, recipient_pools, recipients

urlpatterns = [
    path("recipients/", recipients.recipient_list_page, name="recipients"),
    path("recipients/new/", recipients.new_recipient, name="new_recipient"),
    path(
        "recipients/<uuid:recipient>/edit/", recipients.edit_recipient, name="edit_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/pause/", recipient_deeds.pause, name="pause_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/resume/", recipient_deeds.resume, name="resume_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/archive/", recipient_deeds.archive, name="archive_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/restore/", recipient_deeds.restore, name="restore_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/enable/", recipient_deeds.enable, name="enable_recipient"
    ),
    path(
        "recipients/<uuid:recipient>/rotate/", recipient_deeds.rotate, name="rotate_recipient"
    ),
    path("recipients/<uuid:recipient>/ping/", recipient_deeds.ping, name="ping_recipient"),
    path("recipients/pools/", recipient_pools.pool_list, name="recipient_pools"),
    path("recipients/pools/new/", recipient_pools.new_pool, name="new_recipient_pool"),
    path(
        "recipients/pools/<uuid:recipient_pool>/", recipient_pools.pool_page,
        name="recipient_pool",
    ),
    path(
        "recipients/pools/<uuid:recipient_pool>/edit/", recipient_pools.edit_pool,
        name="edit_recipient_pool",
    ),
    path(
        "recipients/pools/<uuid:recipient_pool>/seats/", recipient_pools.save_seats,
        name="save_recipient_seats",
    ),
    path(
        "recipients/pools/<uuid:recipient_pool>/seats/add/", recipient_pools.add_seat,
        name="add_recipient_seat",
    ),
    path(
        "recipients/pools/<uuid:recipient_pool>/seats/<uuid:recipient_seat>/remove/",
        recipient_pools.remove_seat, name="remove_recipient_seat",
    ),
    path(
        "recipients/pools/<uuid:recipient_pool>/ledger/", recipient_pools.ledger,
        name="recipient_pool_ledger",
    ),
]  # fmt: skip
