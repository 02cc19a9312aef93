"""How many parts a text message is sent as."""

import pytest

from templates_app.sms_parts import Parts, parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Parts("GSM", 0, 0, 160)),
        ("a" * 160, Parts("GSM", 1, 160, 0)),
        ("a" * 161, Parts("GSM", 2, 161, 145)),
        ("a" * 306, Parts("GSM", 2, 306, 0)),
        ("a" * 307, Parts("GSM", 3, 307, 152)),
        ("€" * 80, Parts("GSM", 1, 160, 0)),  # each takes two septets
        ("é@£_\n", Parts("GSM", 1, 5, 155)),
        ("a" * 152 + "€" + "a" * 10, Parts("GSM", 2, 164, 141)),  # the euro is not split over the parts
        ("ç", Parts("UCS-2", 1, 1, 69)),  # GSM has only the capital
        ("я" * 70, Parts("UCS-2", 1, 70, 0)),
        ("я" * 71, Parts("UCS-2", 2, 71, 63)),
        ("😀" * 35, Parts("UCS-2", 1, 70, 0)),
        ("я" * 66 + "😀" + "я" * 4, Parts("UCS-2", 2, 72, 61)),  # the pair is not split
    ],
)
def test_parts_follow_the_gsm_table(text: str, expected: Parts) -> None:
    assert parts(text) == expected
