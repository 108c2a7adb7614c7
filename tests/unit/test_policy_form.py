"""The form of a reference: no expression is taken that could keep the gateway busy."""

import re
import time

import pytest
from hypothesis import given, settings, strategies as st

from klover.policy.decide import MAX_REFERENCE
from klover.policy.form import refuse_form


@pytest.mark.parametrize(
    "text",
    [
        "CASE-[0-9]+",
        "(CASE|TICKET|INC)-[0-9]{4,8}(-[A-Z]{2})?",
        r"[A-Z]+-\d+",
        "(?:A|B)[^]]*",
        r"\(x\)|\[y\]",
        "[(+]{2}x",
        "(ab){3}",
    ],
)
def test_usual_forms_are_taken(text: str) -> None:
    assert refuse_form(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("([A-Z]+-?)+[0-9]+", "repeats a group"),
        ("((a?)x)*", "repeats a group"),
        ("(a|a)*b", "repeats a group"),
        ("(?:(a|b)){9}", "repeats a group"),
        ("((a+)?)+", "repeats a group"),
        (".*.*.*.*x", "too many ways"),
        ("a?" * 30 + "a" * 30, "too many ways"),
        ("(a|a)" * 30, "too many ways"),
        (r"(a)\1", "groups are plain"),
        ("(?=a)a", "groups are plain"),
        ("(?i)a", "groups are plain"),
        ("(?P<x>a)(?P=x)", "groups are plain"),
        ("(a", "no regular expression"),
    ],
)
def test_slow_forms_are_refused(text: str, words: str) -> None:
    assert words in (refuse_form(text) or "")


@pytest.mark.parametrize("text", [".*.*.*x", "[A-Z]*[A-Z]*[A-Z]*-", "(A|A|A)A*A*B"])
def test_the_slowest_form_that_is_taken_is_soon_refused_or_matched(text: str) -> None:
    assert refuse_form(text) is None
    begun = time.process_time()
    assert re.fullmatch(text, "A" * MAX_REFERENCE) is None
    assert time.process_time() - begun < 2  # hours without the bound


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="aA1()[]{}|?*+,\\:^-.", max_size=14))
def test_whatever_is_taken_is_an_expression_that_ends(text: str) -> None:
    if refuse_form(text) is None:
        begun = time.process_time()
        re.fullmatch(text, "a" * MAX_REFERENCE)
        assert time.process_time() - begun < 2
