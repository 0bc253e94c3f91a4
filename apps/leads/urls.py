from django.urls import path

from apps.leads import duplicate_views, enrichment_views, group_views, views

app_name = "leads"
urlpatterns = [
    path("leads/", views.leads, name="list"),
    path("leads.csv", views.export, name="export"),
    path("duplicates/", duplicate_views.duplicates, name="duplicates"),
    path("groups/", group_views.page, name="groups"),
    path("groups/<uuid:group>/", group_views.change, name="group_change"),
    path("groups/<uuid:group>/merge/", group_views.merge, name="group_merge"),
    path("groups/<uuid:group>/retire/", group_views.retire, name="group_retire"),
    path("settings/enrichment/", enrichment_views.page, name="enrichment"),
    path("settings/enrichment/try/", enrichment_views.try_it, name="enrichment_try"),
]
