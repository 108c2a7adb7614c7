"""What the proof says to do about a violation: there is always something, and names are quoted."""

import pytest

from klover.door import Fact, Verdict, mend
from klover.door.proof import violation


def test_a_violation_without_a_mend_is_refused() -> None:
    with pytest.raises(ValueError, match="No mend"):
        violation("stranger", "accounts", "reads it", "")
    with pytest.raises(ValueError, match="No mend"):
        Fact(who="stranger", what="accounts", verdict=Verdict.VIOLATION, why="reads it")
    assert not Fact(who="ana", what="accounts", verdict=Verdict.ALLOWED, why="the operator").mend


@pytest.mark.parametrize(
    ("told", "statement"),
    [
        ("public.accounts", "REVOKE ALL ON TABLE public.accounts FROM PUBLIC"),
        ("function f(integer)", "REVOKE ALL ON ROUTINE f(integer) FROM PUBLIC"),
        ("language a b", 'REVOKE ALL ON LANGUAGE "a b" FROM PUBLIC'),
        ("foreign server s", 'REVOKE ALL ON FOREIGN SERVER "s" FROM PUBLIC'),
        ("foreign-data wrapper w", 'REVOKE ALL ON FOREIGN DATA WRAPPER "w" FROM PUBLIC'),
        ("parameter a.b (set)", 'REVOKE ALL ON PARAMETER "a"."b" FROM PUBLIC'),
        ("large object 7", "REVOKE ALL ON LARGE OBJECT 7 FROM PUBLIC"),
    ],
)
def test_what_takes_an_object_back(told: str, statement: str) -> None:
    assert mend.of_kind(told, "public") == f"Take it back: `{statement}`."


def test_a_setting_is_reset_where_it_was_made() -> None:
    assert "`ALTER ROLE ALL RESET " in mend.reset("log_statement", "", "")
    assert '`ALTER DATABASE "d" RESET "app"."key"`' in mend.reset("app.key", "", "d")
    assert '`ALTER ROLE "r" IN DATABASE "d" RESET ' in mend.reset("role", "r", "d")
    assert '`ALTER ROLE "r" RESET ' in mend.reset("role", "r", "")
