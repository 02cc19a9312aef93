"""Finds pictures of a mail that weigh too much, and those that say nothing to whoever cannot see them."""

import re
from collections.abc import Iterator

from templates_app.models import Image

HEAVY = 400_000  # bytes of one picture
HEAVY_TOGETHER = 1_000_000
MOST_KNOWN = 5_000
WIDEST = 2_000  # pixels: three times what a mail shows, for the sharpest screens

_PICTURE = re.compile(r"""<(?:mj-image|mj-carousel-image|img)\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_OWN = re.compile(r"/i/([A-Za-z0-9_-]{8,40})(?![A-Za-z0-9_-])")


def problems(source: str) -> Iterator[tuple[int, str]]:
    """(line, sentence) of advice. One SELECT where there are pictures of our own that were not asked for before."""
    for found in _PICTURE.finditer(source):
        alt = _ALT.search(found[0])
        linked = re.search(r"\shref\s*=", found[0], re.IGNORECASE) or _is_linked(source, found.start())
        if alt is None:
            yield _line(source, found.start()), "A picture has no alt text for those who cannot see it."
        elif linked and not (alt[1] or alt[2] or "").strip():
            sentence = "A picture that is a link has no alt text: those who cannot see it do not know where it leads."
            yield _line(source, found.start()), sentence
    yield from _weights(source)


def _is_linked(source: str, start: int) -> bool:
    before = source[max(0, start - 2_000) : start].lower()
    return before.rfind("<a ") > before.rfind("</a")


def _weights(source: str) -> Iterator[tuple[int, str]]:
    places: dict[str, int] = {}
    for found in _OWN.finditer(source):
        places.setdefault(found[1], found.start())
    if not places:
        return
    together = 0
    for image in _known(list(places)):
        together += image.size
        line = _line(source, places[image.token])
        if image.size > HEAVY:
            yield (
                line,
                f"The picture “{image.name}” has {_size(image.size)}: scale it down, or save it as a JPEG of "
                "middling quality.",
            )
        elif image.width > WIDEST:
            yield (
                line,
                f"The picture “{image.name}” is {image.width:,} pixels wide: {WIDEST:,} are enough for any mail.",
            )
    if together > HEAVY_TOGETHER:
        yield 1, f"The pictures have {_size(together)} in all, which takes long on a phone: less than 1 MB is good."


_seen: dict[str, Image] = {}  # by token, without their bytes: pictures never change


def _known(tokens: list[str]) -> list[Image]:
    new = [token for token in tokens if token not in _seen]
    if new:
        if len(_seen) > MOST_KNOWN:
            _seen.clear()
        _seen.update({image.token: image for image in Image.objects.filter(token__in=new).defer("data")})
    return [_seen[token] for token in tokens if token in _seen]


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{size // 1_000} kB"


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1
