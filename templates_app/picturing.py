"""Takes uploaded pictures in: only what really is one, and not larger than a mail should carry."""

import hashlib
import io
import secrets
import warnings
from datetime import datetime
from typing import Any

import PIL
from django.conf import settings
from django.urls import reverse
from PIL import Image as Pillow
from PIL import ImageOps

from templates_app.models import Image

LARGEST = 2 * 1024 * 1024  # bytes
MOST_PIXELS = 24_000_000
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}  # what every mail program shows
ORIENTATION = 0x0112  # the EXIF tag
MANY = {"MPO": "JPEG"}  # phones put several pictures into one JPEG; mail programs show the first


class Refused(Exception):
    """It is no picture that a mail can show; the message is a sentence."""


def keep(name: str, data: bytes, user: Any, now: datetime) -> Image:
    """The picture of these bytes; the same bytes are kept once. Raises Refused."""
    if len(data) > LARGEST:
        raise Refused(too_large(len(data)))
    kind, width, height = _looked_at(data)
    data, width, height = _without_secrets(data, kind, width, height)
    digest = hashlib.sha256(data).hexdigest()
    image, _ = Image.objects.get_or_create(
        digest=digest,
        defaults={
            "token": secrets.token_urlsafe(18),
            "name": name.replace("\0", "")[-200:] or "picture",
            "kind": kind,
            "width": width,
            "height": height,
            "size": len(data),
            "data": data,
            "uploaded_at": now,
            "uploaded_by": user if getattr(user, "pk", None) else None,
        },
    )
    return image


def too_large(size: int) -> str:
    return f"The picture has {size / 1024 / 1024:.1f} MB; at most {LARGEST // 1024 // 1024} MB are taken."


def address(image: Image) -> str:
    """Where mails find it."""
    return f"{settings.PUBLIC_URL}{reverse('picture', args=[image.token])}"


def _looked_at(data: bytes) -> tuple[str, int, int]:
    """Content type, width and height, as the bytes themselves have it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=list(KINDS)) as picture:
                width, height = picture.size
                kind = KINDS[MANY.get(picture.format or "", picture.format or "")]
                if width * height > MOST_PIXELS:
                    raise Refused(
                        f"The picture has {width:,} × {height:,} pixels, which is more than any screen shows."
                    )
                picture.verify()
    except (PIL.UnidentifiedImageError, KeyError) as error:
        raise Refused("This is no picture that mail programs show. Take a PNG, JPEG or GIF.") from error
    except (OSError, ValueError, SyntaxError, Warning, Pillow.DecompressionBombError) as error:
        raise Refused("The picture is damaged.") from error
    return kind, width, height


def _without_secrets(data: bytes, kind: str, width: int, height: int) -> tuple[bytes, int, int]:
    """The picture turned as its camera meant it, and without what else it wrote down: where it was taken, with what."""
    if kind not in ("image/jpeg", "image/png"):
        return data, width, height
    try:
        with Pillow.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            told = picture.getexif()
            said = {"exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment"} & picture.info.keys()
            texts = getattr(picture, "text", None)
            if not told and not said and not texts and picture.format != "MPO":
                return data, width, height
            turned = ImageOps.exif_transpose(picture) if told.get(ORIENTATION, 1) != 1 else picture
            out = io.BytesIO()
            if kind == "image/jpeg":
                # An untouched JPEG keeps its own tables, so that hardly anything of it is lost.
                quality: Any = "keep" if turned is picture and picture.format == "JPEG" else 92
                turned.info.pop("comment", None)
                turned.save(out, "JPEG", quality=quality, exif=b"", icc_profile=picture.info.get("icc_profile"))
            else:
                turned.save(out, "PNG", exif=None, icc_profile=picture.info.get("icc_profile"), optimize=False)
            return out.getvalue(), turned.width, turned.height
    except (OSError, ValueError, SyntaxError) as error:
        raise Refused("The picture is damaged.") from error
