"""Who imports whom in apps/, read from the source without running it."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def modules_of(folder: str) -> dict[str, str]:
    """Module name → source, of a folder below the root; migrations are history and left out."""
    files = sorted((ROOT / folder).rglob("*.py"))
    return {_name(path): path.read_text() for path in files if "migrations" not in path.parts}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, known: Mapping[str, str]) -> set[str]:
    """The modules that a source imports when it runs, inside functions too.

    `from package import name` means the module package.name if there is one. What is imported
    only for types is no arrow.
    """
    found: set[str] = set()
    for node in _running(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found.update(name if name in known else node.module for name in names)
    return found


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node except what stands under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _running(node)


def graph_of(modules: Mapping[str, str]) -> dict[str, set[str]]:
    """Module → the modules among these that it imports."""
    return {
        name: {other for other in imports_of(source, modules) if other in modules and other != name}
        for name, source in modules.items()
    }


def circles_of(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other in a circle, each sorted by name."""
    circles: list[list[str]] = []
    left = dict(graph)
    while left:
        free = [name for name, others in left.items() if not others & left.keys()]
        if not free:
            return [*circles, sorted(_in_a_circle(left))]
        for name in free:
            del left[name]
    return circles


def _in_a_circle(graph: Mapping[str, set[str]]) -> set[str]:
    """What is left when everything that nobody left imports is taken away as well."""
    left = dict(graph)
    while True:
        wanted = {other for others in left.values() for other in others}
        unwanted = [name for name in left if name not in wanted]
        if not unwanted:
            return set(left)
        for name in unwanted:
            del left[name]
