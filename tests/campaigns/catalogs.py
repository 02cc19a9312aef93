"""Finds what contacts read in public, and brings the catalogs of its translations up to date: `make messages`."""

import ast
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "campaigns" / "locale"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}

Message = str | tuple[str, str]


def public_templates() -> list[Path]:
    """The frame of the pages that contacts see, and the pages in it."""
    folder = ROOT / "templates" / "campaigns"
    frame = folder / "_public.html"
    return [frame, *sorted(path for path in folder.glob("*.html") if f"campaigns/{frame.name}" in path.read_text())]


def in_template(path: Path) -> Iterator[Message]:
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    template = engines["django"].from_string(path.read_text()).template
    nodes = [node for each in template.nodelist for node in each.get_nodes_by_type((TranslateNode, BlockTranslateNode))]
    for node in nodes:
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var.literal)
        else:
            single, _ = node.render_token_list(node.singular)
            yield (single, node.render_token_list(node.plural)[0]) if node.plural else single


def in_module(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if texts:
                yield (texts[0], texts[1]) if node.func.id == "ngettext" else texts[0]


def messages() -> dict[Message, list[tuple[str, int]]]:
    """All that is translated, with the files in which it stands."""
    found: dict[Message, list[tuple[str, int]]] = {}
    modules = [path for path in sorted((ROOT / "campaigns").rglob("*.py")) if "migrations" not in path.parts]
    for read, paths in ((in_template, public_templates()), (in_module, modules)):
        for path in paths:
            for message in read(path):
                places = found.setdefault(message, [])
                place = (path.relative_to(ROOT).as_posix(), 0)
                if place not in places:
                    places.append(place)
    return found


def languages() -> list[str]:
    return sorted(path.name for path in LOCALE.iterdir())


def catalog(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(kept: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, kept)
    return out.getvalue()


def wanted() -> Catalog:
    fresh = Catalog(fuzzy=False)
    for message, places in messages().items():
        fresh.add(message, locations=places, flags=["python-format"] if "%(" in str(message) else [])
    return fresh


def update(language: str) -> list[str]:
    """Write the language's files anew; returns what still has to be translated by hand in its `django.po`."""
    kept = catalog(language)
    kept.update(wanted(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    folder = LOCALE / language / "LC_MESSAGES"
    with (folder / "django.po").open("wb") as file:
        write_po(file, kept, width=100, sort_output=True, omit_header=False, include_lineno=False)
    (folder / "django.mo").write_bytes(compiled(kept))
    return [str(message.id) for message in kept if message.id and not all(_texts(message.string))]


def _texts(string: object) -> list[str]:
    return list(string) if isinstance(string, (tuple, list)) else [str(string or "")]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for each in languages():
        for missing in update(each):
            sys.stdout.write(f"{each}: {missing}\n")
