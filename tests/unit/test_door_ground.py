"""What doors rest on, compared: told apart by number, so that a renaming is no loss and gain."""

from hypothesis import given, strategies as st

from klover.catalog import TableName
from klover.door import drift, rehearse
from klover.door.ground import Ground, Kind, Row, compare
from klover.errors import InputError

POSTS = TableName("public", "posts")
VIEW = TableName("door_abroad", "posts")


def ground(
    *,
    name: TableName = POSTS,
    oid: int = 1,
    columns: dict[int, tuple[str, str]] | None = None,
    keys: dict[int, str] | None = None,
    detail: str = "r",
) -> Ground:
    given_columns = columns if columns is not None else {1: ("id", "bigint not null")}
    return Ground(
        relations={oid: row("relation", oid, 0, name, "", detail)},
        columns={
            (oid, number): row("column", oid, number, name, part, its)
            for number, (part, its) in given_columns.items()
        },
        keys={
            number: row("key", oid, number, name, f"key_{number}", its)
            for number, its in (keys or {}).items()
        },
        reads={(oid, 1): (VIEW,)},
    )


def row(kind: str, oid: int, number: int, table: TableName, part: str, detail: str) -> Row:
    return Row(kind=kind, relation=oid, number=number, table=table, part=part, detail=detail)


def kinds(old: Ground, new: Ground) -> list[Kind]:
    return [change.kind for change in compare(old, new)]


def test_what_stays_is_no_change() -> None:
    assert not compare(ground(), ground())


def test_a_renamed_column_is_one_change_with_the_views_that_read_it() -> None:
    (change,) = compare(ground(), ground(columns={1: ("key", "bigint not null")}))
    assert change.kind is Kind.COLUMN_RENAMED
    assert (change.subject, change.what) == ("posts.id", "is now key")
    assert change.views == (VIEW,)


def test_a_column_dropped_and_made_anew_is_gone_and_new() -> None:
    changed = ground(columns={2: ("id", "bigint not null")})
    assert kinds(ground(), changed) == [Kind.COLUMN_GONE, Kind.COLUMN_NEW]


def test_a_type_and_a_null_are_told_apart() -> None:
    assert kinds(ground(), ground(columns={1: ("id", "uuid not null")})) == [Kind.TYPE_CHANGED]
    assert kinds(ground(), ground(columns={1: ("id", "bigint")})) == [Kind.NULL_CHANGED]
    assert kinds(ground(columns={1: ("id", "bigint")}), ground()) == [Kind.NULL_CHANGED]


def test_tables_that_come_go_move_or_are_made_anew() -> None:
    assert kinds(ground(), Ground()) == [Kind.TABLE_GONE]
    assert kinds(Ground(), ground()) == [Kind.TABLE_NEW]
    assert kinds(ground(), ground(name=TableName("audit", "posts"))) == [Kind.TABLE_RENAMED]
    assert kinds(ground(), ground(oid=2)) == [Kind.TABLE_MADE_ANEW]


def test_partitions_are_told_as_such() -> None:
    part = ground(detail="r of public.all")
    assert kinds(Ground(), part) == [Kind.PARTITION_NEW]
    assert kinds(part, Ground()) == [Kind.PARTITION_GONE]
    assert kinds(ground(), part) == [Kind.TABLE_CHANGED]


def test_keys_are_compared_by_what_they_join() -> None:
    key = {9: "f {1} 7 {1}"}
    assert kinds(ground(), ground(keys=key)) == [Kind.KEY_NEW]
    assert kinds(ground(keys=key), ground()) == [Kind.KEY_GONE]
    assert not kinds(ground(keys=key), ground(keys={10: "f {1} 7 {1}"}))  # made anew, the same


@given(
    st.dictionaries(
        st.integers(1, 4),
        st.tuples(st.sampled_from("abc"), st.sampled_from(["int", "int not null"])),
    ),
    st.dictionaries(
        st.integers(1, 4),
        st.tuples(st.sampled_from("abc"), st.sampled_from(["int", "int not null"])),
    ),
)
def test_every_difference_is_told_and_only_differences(
    one: dict[int, tuple[str, str]], other: dict[int, tuple[str, str]]
) -> None:
    changes = compare(ground(columns=one), ground(columns=other))
    assert bool(changes) is (one != other)
    back = compare(ground(columns=other), ground(columns=one))
    assert len(changes) == len(back)


def test_every_kind_of_change_has_a_meaning_and_a_mend() -> None:
    assert set(drift._MEANING) == set(Kind)


@st.composite
def words(draw: st.DrawFn) -> str:
    known = [
        "alter",
        "create",
        "drop",
        "table",
        "begin",
        "commit",
        "do",
        "copy",
        "x",
        ";",
        "(",
        "'a'",
    ]
    return " ".join(draw(st.lists(st.sampled_from(known), max_size=8)))


@given(words())
def test_no_transaction_control_is_ever_let_through(text: str) -> None:
    try:
        statements = rehearse.checked(text)
    except InputError:
        return
    allowed = {"ALTER", "CREATE", "DROP", *rehearse._CHANGES}
    assert {statement.kind for statement in statements} <= allowed
