"""Static files: ours, the apps', and a short list out of node_modules."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join

NODE_MODULES = Path(__file__).resolve().parent.parent / "node_modules"

# Address below STATIC_URL → file in node_modules. The manifest needs a .map beside its file.
# Whole folders would take minutes to hash and show the world what nobody asked for.
VENDORED = {
    "vendor/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
    "vendor/chart.umd.min.js.map": "chart.js/dist/chart.umd.min.js.map",
}


class VendoredStorage(FileSystemStorage):
    """Reads a vendored file under the address it is served at."""

    def path(self, name: str) -> str:
        return safe_join(str(NODE_MODULES), VENDORED[Path(name).as_posix()])


class NodeModulesFinder(BaseFinder):
    """Finds the files of VENDORED and no other."""

    storage = VendoredStorage(location=str(NODE_MODULES))

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The file's place on disk, [] if this finder does not have it."""
        if path not in VENDORED or not self.storage.exists(path):
            return []
        place = self.storage.path(path)
        return [place] if find_all else place

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        for path in VENDORED:
            if not self.storage.exists(path):
                raise FileNotFoundError(f"{path} is not in node_modules. Run `make setup`.")
            yield path, self.storage


class HashedStaticStorage(ManifestStaticFilesStorage):
    """Names carry a hash of the content, imports between our ES modules too."""

    support_js_module_import_aggregation = True
    # Of our own only: a library's bundle may hold the word “import” and mean nothing by it.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        ManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]
    )
