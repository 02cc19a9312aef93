"""Keeps attributes and event properties to what can be stored, searched and shown."""

import json
import math
from collections.abc import Mapping
from typing import Any

LONGEST_TEXT = 10_000
LARGEST_NUMBER = 10**18
DEEPEST = 5
MOST_KEYS = 200
LARGEST = 64 * 1024


def text_problem(value: str, longest: int = LONGEST_TEXT) -> str:
    """Why a text cannot be stored, as a sentence; "" when it can."""
    if len(value) > longest:
        return f"This is longer than {longest:,} characters."
    if "\0" in value:
        return "This holds a NUL character."
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        return "This holds half a surrogate pair, which is not a character."
    return ""


def value_problem(value: Any, depth: int = 1) -> str:
    """Why a JSON value cannot be kept; "" when it can."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return text_problem(value)
    if isinstance(value, (int, float)):
        fits = math.isfinite(value) and abs(value) < LARGEST_NUMBER
        return "" if fits else "This number is too large."
    if depth > DEEPEST:
        return f"This is nested deeper than {DEEPEST} levels."
    if isinstance(value, dict):
        if len(value) > MOST_KEYS:
            return f"This has more than {MOST_KEYS} keys."
        for key, inner in value.items():
            problem = text_problem(key, 100) or value_problem(inner, depth + 1)
            if problem:
                return problem
        return ""
    if isinstance(value, list):
        if len(value) > 1000:
            return "This list has more than 1,000 items."
        return next((problem for problem in (value_problem(inner, depth + 1) for inner in value) if problem), "")
    return "This is not a JSON value."


def object_problem(value: Any) -> str:
    """Why a whole object of attributes or properties cannot be kept; "" when it can."""
    if not isinstance(value, dict):
        return "This is not an object of keys and values."
    problem = value_problem(value)
    if not problem and _may_be_large(value) and len(json.dumps(value)) > LARGEST:
        problem = "This is larger than 64 kB."
    return problem


def _may_be_large(value: Mapping[str, Any]) -> bool:
    """A quick look that spares small flat objects the measuring: a letter takes at most six bytes of JSON."""
    texts = [inner for inner in value.values() if isinstance(inner, str)]
    nested = any(isinstance(inner, (dict, list)) for inner in value.values())
    return nested or 6 * sum(map(len, texts)) + 640 * len(value) > LARGEST
