"""What counts as a leak: the double by which every attack at a door is judged."""

import uuid

import pytest

from doubles.enclave import SECRETS, leaked

BY_CHANCE = uuid.UUID("dff6d218-2d20-8568-afda-4547118f847b")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["[({!r},)]", "[({},)]", "{}\t1", 'ERROR: x: "{}"', "a.{}.b"])
def test_a_secret_is_one_however_it_comes(secret: str, form: str) -> None:
    assert leaked(form.format(secret)) == [each for each in SECRETS if each in secret]


def test_bytes_that_spell_a_secret_are_one_within_others() -> None:
    assert leaked("b'' \\\\x00000f6b6172692d6d61") == ["6b6172692d"]


def test_digits_within_a_pseudonym_are_none() -> None:
    assert "4711" in str(BY_CHANCE)
    assert leaked(repr([(BY_CHANCE, None)])) == []
    assert leaked(f"{BY_CHANCE}".replace("dff6", "4712").replace("847b", "4713")) == []
    assert leaked("00000000-4711-8000-a000-000000000000") == []
