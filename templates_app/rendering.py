"""Turns the words of a template into the words for one contact, and says at save what could not be turned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext
from liquid.exceptions import LiquidError
from liquid.static_analysis import Variable

from contacts.addressees import AnyContact
from templates_app import mjml, sandbox, splicing
from templates_app.models import TemplateVersion
from templates_app.text_part import text_of

__all__ = ["Compiled", "Problem", "RenderError", "compile", "context_of", "html_of", "names", "problems", "text_of"]

CONTACT_FIELDS = (
    "id", "email", "phone", "external_id", "first_name", "last_name", "name", "timezone", "language", "attributes",
)  # fmt: skip
# Under these, every name may have a value: attributes and event properties are the operator's own.
OPEN = (("contact", "attributes"), ("event",))
# Addresses that are another one in each message.
LINKS = ("unsubscribe_url", "preferences_url", "confirm_url")
ROOTS = ("contact", "event", *LINKS)


class RenderError(Exception):
    """A template cannot be rendered for this contact; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a source: `line` counts from 1."""

    line: int
    sentence: str


class Compiled:
    """A parsed source, ready for any number of contacts.

    pieces: fixed texts and outputs in their order, for who wants to work on the fixed ones only once; None where there
    are tags, so that only Liquid can tell what comes out.
    """

    def __init__(self, template: BoundTemplate, escape: bool) -> None:
        self._template = template
        self.pieces = splicing.pieces(template.nodes, escape)
        self._outputs = [piece for piece in self.pieces or () if not isinstance(piece, str)]
        self._room = sandbox.OUTPUT_BYTES - sum(
            len(piece.encode()) for piece in self.pieces or () if type(piece) is str
        )

    def render(self, context: dict[str, Any]) -> str:
        """The text for one context (see `context_of`).

        Raises:
            RenderError: the source breaks a limit or applies a filter to something it cannot work on.
        """
        if self.pieces is not None:
            values = iter(self.values(context))
            return "".join([piece if isinstance(piece, str) else next(values) for piece in self.pieces])
        with _explained:
            return self._template.render(context)

    def values(self, context: dict[str, Any]) -> list[str]:
        """The texts of the outputs among the `pieces`, in their order. Raises RenderError as `render` does."""
        with _explained:
            liquid = _Once(self._template, context)
            texts = [output.text(context, liquid) for output in self._outputs]
        texts = [splicing.lines_unified(text) if "\r" in text else text for text in texts]
        # Four bytes at most for a character: what is far from the limit need not be encoded to be counted.
        if sum(map(len, texts)) * 4 > self._room and sum(len(text.encode()) for text in texts) > self._room:
            raise RenderError("The template cannot be rendered: output stream limit reached.")
        return texts


class _Once:
    """Liquid's own context, made when it is first asked for: most outputs do without."""

    __slots__ = ("_context", "_made", "_template")

    def __init__(self, template: BoundTemplate, context: dict[str, Any]) -> None:
        self._template, self._context = template, context
        self._made: RenderContext | None = None

    def __call__(self) -> RenderContext:
        if self._made is None:
            template = self._template
            self._made = template.context_class(template, globals=template.make_globals(self._context))
        return self._made


class _Explained:
    """Says in a sentence what Liquid, or what a filter is applied to, raises."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LiquidError):
            raise RenderError(f"The template cannot be rendered: {error.message}.") from error
        if isinstance(error, ArithmeticError | LookupError | MemoryError | RecursionError | TypeError | ValueError):
            raise RenderError(f"The template cannot be rendered: {error}.") from error


_explained = _Explained()


@lru_cache(maxsize=512)
def compile(source: str, escape: bool) -> Compiled:
    """The source, parsed once per process. `escape` for HTML, so that what contacts typed stays text.

    Raises:
        RenderError: the source is not Liquid.
    """
    try:
        return Compiled(_environment(escape).from_string(source), escape)
    except LiquidError as error:
        raise RenderError(f"Line {_line_of(error)}: {error.message}.") from error


def context_of(contact: AnyContact, event_properties: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What templates can name: plain values only, never model objects."""
    return {
        "contact": {
            "id": contact.pk,
            "email": contact.email or "",
            "phone": contact.phone or "",
            "external_id": contact.external_id or "",
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "name": contact.name,
            "timezone": contact.timezone,
            "language": contact.language,
            "attributes": contact.attributes,
        },
        "event": event_properties or {},
        **dict.fromkeys(LINKS, ""),
    }


def html_of(markup: str, body: str, preheader: str = "") -> str:
    """The HTML of an email body, its Liquid still in it; the preheader stands hidden at its start.

    Raises:
        mjml.MjmlError: the body is not MJML although `markup` says so.
    """
    html = mjml.compile(body) if markup == TemplateVersion.Markup.MJML else body
    return mjml.with_preheader(html, preheader) if preheader else html


def names(source: str) -> set[str]:
    """The names that a source reads from outside, such as "contact.first_name"; empty for a broken source."""
    try:
        return {".".join(map(str, variable.segments)) for variable in _variables(source)}
    except LiquidError:
        return set()


def problems(source: str) -> list[Problem]:
    """Syntax errors, unknown filters and names that can never have a value, by line."""
    if "{{" not in source and "{%" not in source:
        return []
    # Long sources are few; keeping them would keep much.
    return list((_problems_known if len(source) < 20_000 else _problems)(source))


def _problems(source: str) -> list[Problem]:
    try:
        template = _environment(True).from_string(source)
        analysis = template.analyze(include_partials=False)
    except LiquidError as error:
        return [Problem(_line_of(error), f"{_sentence(error)}")]
    found = []
    for name, spans in analysis.filters.items():
        if name not in template.env.filters:
            found += [Problem(_line(source, span.index), f"There is no filter “{name}”.") for span in spans]
    for variable in (variable for variables in analysis.globals.values() for variable in variables):
        sentence = _unknown(variable)
        if sentence:
            found.append(Problem(_line(source, variable.span.index), sentence))
    return sorted(set(found), key=lambda problem: (problem.line, problem.sentence))


_problems_known = lru_cache(maxsize=4096)(_problems)


@lru_cache(maxsize=2)
def _environment(escape: bool) -> Environment:
    return sandbox.environment(escape)


def _variables(source: str) -> Iterator[Variable]:
    analysis = _environment(True).from_string(source).analyze(include_partials=False)
    for variables in analysis.globals.values():
        yield from variables


def _unknown(variable: Variable) -> str:
    """Why a name can never have a value, or ""."""
    path = [str(segment) for segment in variable.segments]
    if path[0] not in ROOTS:
        return f"There is no “{variable}”. Known are {', '.join(ROOTS[:-1])} and {ROOTS[-1]}."
    if any(tuple(path[: len(prefix)]) == prefix for prefix in OPEN):
        return ""
    if path[0] == "contact" and len(path) > 1 and path[1] not in CONTACT_FIELDS:
        return f"A contact has no field “{path[1]}”. An attribute is written contact.attributes.{path[1]}."
    return ""


def _sentence(error: LiquidError) -> str:
    text = str(error.message or "This is not Liquid").strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def _line_of(error: LiquidError) -> int:
    if error.token is None or error.token.start_index < 0:
        return 1
    return _line(error.token.source, error.token.start_index)


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1
