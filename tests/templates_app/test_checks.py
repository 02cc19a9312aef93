"""What is said of a mail before it is published: its links, its subject, its pictures."""

import io

import pytest
from PIL import Image as Pillow

from templates_app import checks, link_checks, picturing, subject_checks
from templates_app.models import Template, TemplateVersion
from tests.make import NOW

pytestmark = pytest.mark.django_db
WORDS = "<p>Enough words to be read by those who see no pictures, and then some more of them.</p>"


def said(body: str, subject: str = "Hi") -> list[str]:
    version = TemplateVersion(template=Template(channel="email"), subject=subject, body=body, markup="html")
    return [finding.sentence for finding in checks.findings(version)]


@pytest.mark.parametrize(
    ("url", "fatal"),
    [
        ("https://example.com/a?b={{ contact.id }}", None),
        ("{{ event.url }}", None),
        ("https://{{ event.host }}/a", None),
        ("mailto:a@example.com", None),
        ("#top", None),
        ("http://[2001:db8::1]/", None),
        ("", False),
        ("#", False),
        ("http://localhost/x", False),
        ("www.example.com", True),
        ("/page", True),
        ("http:/example.com", True),
        ("https://", True),
        ("https://example/", True),
        ("https://example.com/a b", True),
        ("javascript:alert(1)", True),
        ("https://example.com/{{ contact.id", True),
        ("mailto:", True),
    ],
)
def test_a_link_that_nobody_can_follow_is_said(url: str, fatal: bool | None) -> None:
    found = list(link_checks.problems(f'<p>\n<a class="x" href="{url}">x</a></p>'))
    assert [(line, worst) for line, _, worst in found] == ([] if fatal is None else [(2, fatal)])


def test_a_broken_link_keeps_a_mail_from_being_published_and_advice_does_not() -> None:
    version = TemplateVersion(
        template=Template(channel="email"), subject="FREE MONEY!!!", markup="html", body=f'{WORDS}<a href="#">x</a>'
    )
    assert checks.is_publishable(version)
    version.body = f'{WORDS}<a href="www.example.com">x</a>'
    assert not checks.is_publishable(version)


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("EVERYTHING MUST GO NOW", "capitals"),
        ("Come in!!!", "exclamation"),
        ("Re: your order", "pretends"),
        ("Save $$$ today", "currency"),
        ("Sie haben gewonnen", "phrase"),
        ("Offre limitée : deux jours", "phrase"),
        ("Только сегодня", "phrase"),
        ("x" * 80, "70 at most"),
    ],
)
def test_a_subject_that_looks_like_spam_is_told(subject: str, word: str) -> None:
    assert any(word in sentence for sentence in subject_checks.hints(subject))


@pytest.mark.parametrize(
    "subject", ["Your order {{ event.number }}", "NASA and ESA news", "Ready? Set, go!", "Reading"]
)
def test_an_ordinary_subject_is_left_alone(subject: str) -> None:
    assert list(subject_checks.hints(subject)) == []


def test_pictures_that_weigh_much_are_told_with_their_line() -> None:
    noise = Pillow.effect_noise((900, 700), 90)
    out = io.BytesIO()
    noise.save(out, "PNG")
    image = picturing.keep("big.png", out.getvalue(), None, NOW)
    assert image.size > 400_000
    body = f'{WORDS}\n<img alt="x" src="{picturing.address(image)}">'
    assert any("big.png" in sentence and "kB" in sentence for sentence in said(body))


def test_a_linked_picture_without_words_and_a_mail_of_pictures_only_are_told() -> None:
    sentences = said('<a href="https://example.com"><img src="https://example.com/a.png" alt=""></a>')
    assert any("link has no alt text" in sentence for sentence in sentences)
    assert any("those who read mail as text" in one or "pictures almost only" in one for one in sentences)


def test_what_a_camera_wrote_is_taken_out_and_the_picture_turned() -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of Ada"
    out = io.BytesIO()
    Pillow.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif)
    image = picturing.keep("a.jpg", out.getvalue(), None, NOW)
    assert (image.width, image.height) == (20, 40)
    assert b"Camera" not in bytes(image.data)
    assert not Pillow.open(io.BytesIO(bytes(image.data))).getexif()
