"""Addresses of deliveries, returns and statements, below /t/<team>/."""

from django.urls import path

from apps.deliveries.views import by_hand, deliveries, disputes, recipient, statements

urlpatterns = [
    path("deliveries/", deliveries.delivery_list, name="deliveries"),
    path("deliveries/export/", deliveries.export, name="export_deliveries"),
    path("deliveries/replay/", deliveries.replay_all, name="replay_deliveries"),
    path("deliveries/<uuid:delivery>/", deliveries.delivery_page, name="delivery"),
    path("deliveries/<uuid:delivery>/replay/", deliveries.replay, name="replay_delivery"),
    path("deliveries/<uuid:delivery>/withdraw/", deliveries.withdraw, name="withdraw_delivery"),
    path("leads/<uuid:lead>/copies/", deliveries.copies, name="copies"),
    path("leads/<uuid:lead>/copies/send/", by_hand.send_copies, name="send_copies"),
    path("returns/", disputes.dispute_list, name="disputes"),
    path("returns/<uuid:dispute>/", disputes.dispute_page, name="dispute"),
    path("returns/<uuid:dispute>/accept/", disputes.accept, name="accept_dispute"),
    path("returns/<uuid:dispute>/refuse/", disputes.refuse, name="refuse_dispute"),
    path("statements/", statements.statement_list, name="statements"),
    path("statements/export/", statements.export, name="export_statement"),
    path("recipients/<uuid:recipient>/", recipient.recipient_page, name="recipient"),
]
