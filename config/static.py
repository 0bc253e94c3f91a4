"""Static files with names that change with their content."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticStorage(ManifestStaticFilesStorage):
    """Names carry a hash of the content, imports between our ES modules too."""

    support_js_module_import_aggregation = True
    # Of our own only: a library's bundle may hold the word “import” and mean nothing by it.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        ManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]
    )
