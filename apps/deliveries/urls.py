"""Addresses of distribution, below /t/<team>/."""

from apps.deliveries import agreement_urls, log_urls, recipient_urls

app_name = "deliveries"
urlpatterns = [
    *agreement_urls.urlpatterns,
    *recipient_urls.urlpatterns,
    *log_urls.urlpatterns,
]
