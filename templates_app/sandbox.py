"""The message language: Liquid without loaders or raw output, and with limits that no template can get round.

Whoever writes templates is trusted with words, not with the worker: one mail may not take the memory or the seconds of
all others. The engine limits loops, nesting, output and local variables; `_limited` adds what single filters can do
(a `replace` that multiplies, a range of a billion, numbers of a million digits).
"""

import re
from collections.abc import Callable
from functools import reduce, wraps
from operator import mul
from time import thread_time
from typing import Any

from liquid import BoundTemplate, Environment, Mode, RenderContext, Token, Undefined
from liquid.exceptions import FilterArgumentError, LiquidSyntaxError, LoopIterationLimitError, ResourceLimitError

from templates_app.zoning import in_zone

LOOP_STEPS = 5_000  # in one message, all loops together
OUTPUT_BYTES = 1_000_000
LOCAL_BYTES = 200_000  # assigned and captured variables
TEXT_CHARACTERS = 100_000  # what one filter may read or make
NUMBER_BITS = 1_024
SECONDS = 1.0  # of the processor's time, for one text; a usual one takes a thousandth

UNCLOSED = 20  # “raw” tags without an end, in comments and the like
_RAW = re.compile(r"\{%-?\s{0,20}raw\b")

# Tags that load other templates, and filters that switch escaping off.
LEFT_OUT_TAGS = ("include", "render")
LEFT_OUT_FILTERS = ("safe", "escapejs")


class _Context(RenderContext):
    """Counts the steps of all loops of a message; the engine itself counts only those nested in each other.

    It also looks at the clock: each step and each filter has its limit, and a template may still have a great many.
    """

    __slots__ = ("asked", "ends", "steps")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = self.asked = 0
        self.ends = thread_time() + SECONDS

    @property
    def disabled_tags(self) -> list[str]:  # type: ignore[override]
        """None. Every node asks for it as it is rendered, which makes it the place to look at the clock."""
        self.asked += 1
        if self.asked % 16 == 0:
            self.check_time()
        return []

    @disabled_tags.setter
    def disabled_tags(self, names: list[str]) -> None:
        pass

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        self.check_time()
        return super().filter(name, token)

    def check_time(self) -> None:
        if thread_time() > self.ends:
            raise ResourceLimitError(f"it takes longer than {SECONDS} seconds", token=None)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        # Once per loop as it starts, so an inner loop adds its own length each time it is entered.
        self.steps += length
        if self.steps > LOOP_STEPS or reduce(mul, (loop.length for loop in self.loops), length) > LOOP_STEPS:
            raise LoopIterationLimitError(f"loops may take {LOOP_STEPS} steps in all", token=None)


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 30
    loop_iteration_limit = LOOP_STEPS
    output_stream_limit = OUTPUT_BYTES
    local_namespace_limit = LOCAL_BYTES
    logical_not_operator = True
    logical_parentheses = True

    def tokenizer(self) -> Callable[[str], Any]:
        tokenize = super().tokenizer()

        def checked(source: str) -> Any:
            # Each unclosed one would be looked for to the end of the source.
            if len(_RAW.findall(source, max(source.rfind("endraw"), 0))) > UNCLOSED:
                raise LiquidSyntaxError("“raw” is never closed", token=None)
            return tokenize(source)

        return checked

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        for tag in LEFT_OUT_TAGS:
            self.tags.pop(tag, None)
        for name in LEFT_OUT_FILTERS:
            self.filters.pop(name, None)
        self.filters["in_zone"] = in_zone
        for name, function in self.filters.items():
            self.filters[name] = _limited(name, function)


def environment(escape: bool) -> Environment:
    """`escape`: values are HTML-escaped as they are printed.

    A name without a value prints nothing: that one contact has no city must not stop the mail. Names that can never
    have a value are found at save, by `rendering.problems`.
    """
    return _Environment(tolerance=Mode.STRICT, undefined=Undefined, strict_filters=True, autoescape=escape)


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(value: Any, *args: Any, **kwargs: Any) -> Any:
        _check(value)
        for argument in args:
            _check(argument)
        if name == "replace" and len(args) == 2:
            found = str(value).count(str(args[0]))
            _check_length(len(str(value)) + found * len(str(args[1])))
        elif name == "join" and args and isinstance(value, list | tuple | range):
            _check_length(len(value) * (len(str(args[0])) + 1))
        result = function(value, *args, **kwargs)
        _check(result)
        return result

    return wrapper


def _check(value: Any) -> None:
    if isinstance(value, str):
        _check_length(len(value))
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if value.bit_length() > NUMBER_BITS:
            raise FilterArgumentError("a number is too long", token=None)
    elif isinstance(value, range):
        # Not len(): that fails beyond the machine's own integers.
        if value.stop - value.start > LOOP_STEPS:
            raise FilterArgumentError(f"a range may have {LOOP_STEPS} members", token=None)
    elif isinstance(value, list | tuple):
        if len(value) > LOOP_STEPS:
            raise FilterArgumentError(f"a list may have {LOOP_STEPS} members", token=None)
        # A list may name the same long text again and again, and whoever joins or prints it has it that often.
        if sum(len(member) for member in value if isinstance(member, str)) > OUTPUT_BYTES:
            raise FilterArgumentError(f"the texts of a list may have {OUTPUT_BYTES} characters", token=None)


def _check_length(characters: int) -> None:
    if characters > TEXT_CHARACTERS:
        raise FilterArgumentError(f"a text may have {TEXT_CHARACTERS} characters", token=None)
