"""Names cut into words, and the categories that words stand for."""

import pytest
from hypothesis import given, strategies as st

from klover.policy.labels import category, label, label_values
from klover.policy.taxonomy import CATEGORIES
from klover.policy.words.foreign import FOREIGN
from klover.policy.words.personal import PHRASES
from klover.policy.words.split import words


@pytest.mark.parametrize("name", ["firstName", "FIRST_NAME", "firstname", "prénom", "Vorname"])
def test_one_name_in_many_spellings(name: str) -> None:
    assert words(name) == ("first", "name")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("participant_account_ids", ("participant", "account", "id")),
        ("lastLoginIP", ("last", "login", "ip")),
        ("passwordhash", ("password", "hash")),
        ("Geburtsdatum", ("birth", "date")),
        ("geändert_am", ("updated", "am")),
        ("Krankenkassen", ("health", "insurance")),
        ("statuses", ("status",)),
        ("wp_users", ("wp", "user")),
        ("address2", ("address",)),
        ("b\u0131g\u0131nt", ("bigint",)),
        ("", ()),
    ],
)
def test_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@given(st.text(max_size=60))
def test_any_name_can_be_cut(name: str) -> None:
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("billing_email", "user.contact.email"),
        ("dateOfBirth", "user.demographic.date_of_birth"),
        ("is_hiv_positive", "user.health_and_medical"),
        ("gehalt", "user.financial"),
        ("telefono", "user.contact.phone_number"),
        ("reset_password_token", "user.authorization.credentials"),
        ("iban", "user.financial.bank_account"),
        ("avatar_file_size", None),
        ("colour", None),
    ],
)
def test_what_a_name_clearly_says(name: str, expected: str | None) -> None:
    assert label(name) == expected


def test_some_words_are_only_doubtful() -> None:
    assert label("title") is None
    assert category("title") == "user.content.private"


def test_every_category_is_in_the_taxonomy_and_every_word_is_plain() -> None:
    assert set(PHRASES.values()) <= CATEGORIES
    assert "user.contact.email" in CATEGORIES
    assert all(word.isascii() and word.islower() for word in FOREIGN)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["jo@example.org", "al@example.com"], "user.contact.email"),
        (["-", "-", "-", "jo@example.org"], "user.contact.email"),  # one in four is enough
        (["192.0.2.7"], "user.device.ip_address"),
        (["2001:db8::7"], "user.device.ip_address"),
        (["+47 22 12 34 56"], "user.contact.phone_number"),
        (["DE89 3704 0044 0532 0130 00"], "user.financial.bank_account"),
        (["4111 1111 1111 1111"], "user.financial.credit_card"),
        (["Mozilla/5.0 (X11)"], "user.device"),
        (["$2b$12$abcdefghijklmnopqrstuv"], "user.authorization.password"),
        (["red", "green"], None),
        ([], None),
        ([""], None),
    ],
)
def test_what_values_have_the_form_of(values: list[str], expected: str | None) -> None:
    assert label_values(values) == expected


def test_a_version_of_fourteen_digits_is_no_card() -> None:
    assert label_values(["20240131120000"]) is None
    assert label_values(["4111 1111 1111 1112"]) is None
    assert label_values(["4111 1111 1111 1111"]) == "user.financial.credit_card"
