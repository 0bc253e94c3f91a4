from django.urls import path

from apps.leads import views

app_name = "leads"
urlpatterns = [
    path("leads/", views.leads, name="list"),
    path("leads.csv", views.export, name="export"),
]
