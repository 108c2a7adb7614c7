"""Long SQL is broken between items of a list, and stays the same SQL."""

from hypothesis import given, strategies as st

from klover.cli.fold import fold

NAMES = st.text(alphabet="ab ,'\"(", min_size=1, max_size=40)
QUOTED = st.one_of(
    NAMES.map(lambda text: "'" + text.replace("'", "''") + "'"),
    NAMES.map(lambda text: '"' + text.replace('"', '""') + '"'),
    st.from_regex(r"[a-z_]{1,30}(\(oid,text\))?", fullmatch=True),
)


@given(st.lists(QUOTED, min_size=1, max_size=30))
def test_folding_adds_line_breaks_between_items_only(items: list[str]) -> None:
    statement = f"revoke execute on routine {', '.join(items)} from public"
    folded = fold(statement)
    assert folded.replace("\n    ", " ") == statement
    assert folded.count("\n") < len(items)
    for item in items:
        assert item in folded, item


def test_a_long_list_is_folded() -> None:
    statement = "grant select (" + ", ".join(f'"column_{n}"' for n in range(40)) + ") on t to r"
    assert max(map(len, fold(statement).splitlines())) <= 100
    assert len(fold(statement).splitlines()) > 5


def test_what_may_be_quoted_otherwise_stays_as_it_is() -> None:
    for text in (
        "create function f() as $$" + "a, " * 60 + "$$",
        "select E'\\'" + "a, " * 60 + "'",
        "select 1 -- " + "a, " * 60,
    ):
        assert fold(text) == text
    assert fold("select 1, 2") == "select 1, 2"
