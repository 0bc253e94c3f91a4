"""Addresses of distribution, below /t/<team>/."""

from apps.deliveries import log_urls, recipient_urls

app_name = "deliveries"
urlpatterns = [*recipient_urls.urlpatterns, *log_urls.urlpatterns]
