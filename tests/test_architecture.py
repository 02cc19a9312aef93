"""The arrows between the apps and inside them, and the habits that keep files small and findable."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# An app may import any app to its right, never one to its left.
APPS = ["config", "flows", "campaigns", "templates_app", "contacts"]
NONDESCRIPT = {"utils", "helpers", "services", "common", "misc"}
FACES = {"admin", "tasks", "urls", "views", "management", "templatetags"}
LONGEST_FILE = 300


def modules() -> list[Path]:
    found = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    return [path.relative_to(ROOT) for path in found]


def scripts() -> list[Path]:
    return [path.relative_to(ROOT) for path in sorted((ROOT / "static").rglob("*.js"))]


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports, as `contacts.models.event`."""
    known = {name_of(module) for module in modules()}
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else node.module for name in names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in APPS)


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_face(name: str) -> bool:
    parts = name.split(".")[1:]
    return bool(FACES.intersection(parts)) or bool(parts and re.fullmatch(r"(\w+_)?(api|urls)", parts[-1]))


def is_model(name: str) -> bool:
    return "models" in name.split(".")


def test_an_app_imports_only_to_its_right() -> None:
    def is_left(path: Path, name: str) -> bool:
        return APPS.index(name.split(".")[0]) < APPS.index(path.parts[0])

    assert [f"{path}: {name}" for path in modules() for name in imports(path) if is_left(path, name)] == []


def test_activities_and_models_know_no_face() -> None:
    inner = [path for path in modules() if not is_face(name_of(path)) and path.name not in ("settings.py", "wsgi.py")]
    assert [f"{path}: {name}" for path in inner for name in imports(path) if is_face(name)] == []


def test_models_lean_on_nothing_that_leans_on_models() -> None:
    def leans(name: str) -> bool:
        return not is_model(name) and any(is_model(further) for further in imports(file_of(name)))

    models = [path for path in modules() if is_model(name_of(path))]
    assert models
    assert [f"{path}: {name}" for path in models for name in imports(path) if leans(name)] == []


def file_of(name: str) -> Path:
    base = Path(*name.split("."))
    return base / "__init__.py" if (ROOT / base).is_dir() else base.with_suffix(".py")


def test_a_module_says_in_its_first_line_what_happens_there() -> None:
    def says(path: Path) -> bool:
        text = (ROOT / path).read_text()
        first_line = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
        return first_line.endswith((".", ":")) or (path.name == "__init__.py" and not text.strip())

    assert [str(path) for path in modules() if not says(path)] == []


def test_a_module_is_named_for_what_happens_in_it() -> None:
    assert [str(path) for path in modules() if NONDESCRIPT.intersection(path.with_suffix("").parts)] == []


def test_a_file_is_short_enough_to_be_read_at_once() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in [*modules(), *scripts()]}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_the_canvas_knows_no_node_type_by_name() -> None:
    from flows import nodes

    keys = sorted(nodes.registry())
    assert keys
    named = re.compile("|".join(rf"""(["'`]){re.escape(key)}\1""" for key in keys if len(key) > 3))
    for path in (ROOT / "static" / "flows" / "editor").glob("*.js"):
        assert not named.search(path.read_text()), f"{path.name} names a node type"


def test_nothing_in_a_page_is_loaded_from_elsewhere() -> None:
    foreign = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//""", re.IGNORECASE)
    for path in (ROOT / "templates").rglob("*.html"):
        assert not foreign.search(path.read_text()), f"{path} loads from another site"
