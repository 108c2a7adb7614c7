"""The class of each column, with how sure that is and why.

Restricted is what is left where nothing speaks for more: free text, documents, addresses, money,
health, ids of other systems, unknown types and unknown words. A column is opened only by positive
evidence: it is a key or a reference, or every word of its name is plain, or its table holds things
for everybody to see, or its type is too narrow for a secret. Values that look like an address or a
secret close it again. What is closed for want of evidence is told apart (``Verdict.unsure``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from klover.catalog import Column, Table
from klover.policy.identify import is_harmless
from klover.policy.labels import category, label_values, of_words
from klover.policy.model import DataClass
from klover.policy.neutral import bare_type
from klover.policy.suggest.case import Case, Opening
from klover.policy.suggest.evidence import Evidence
from klover.policy.suggest.narrow import narrow
from klover.policy.suggest.nature import Nature
from klover.policy.suggest.opening import opened
from klover.policy.suggest.shape import Shape, is_made_up, row_key
from klover.policy.suggest.sureness import UNSURE, how_sure
from klover.policy.words import kinds
from klover.policy.words.personal import WEAK
from klover.policy.words.split import words

_ID_TYPES = frozenset({"smallint", "integer", "bigint", "uuid", "numeric"})
_TELLING = ("user.authorization", "user.device")
"""What a text tells by itself, even where it refers to another row: a session's, a device's id."""
_EVEN = 0.5
_SECRET = ("user.authorization", "user.device", "user.contact", "user.financial", "user.government")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The class of one column."""

    column: str
    data_class: DataClass
    category: str | None = None
    confidence: float
    reason: str
    """A short clause for people; no value."""
    reference: bool = False
    by_type: bool = False
    """Opened since its type is too narrow: whose rows they are is not answered by that."""

    @property
    def unsure(self) -> bool:
        """Whether it is closed for want of evidence: more likely than not it may be opened."""
        return self.data_class is DataClass.RESTRICTED and self.confidence < _EVEN


def classify(table: Table, shape: Shape, nature: Nature, evidence: Evidence) -> list[Verdict]:
    """Tell the class of each column of ``table``, in its order."""
    tied = shape.ties[table.name].columns()
    keys = frozenset(row_key(table)) | tied
    found = [
        _verdict(column, table, shape, nature, keys, evidence.values(table.name, column.name))
        for column in table.columns
    ]
    return _row_times(found, table, nature)


def _verdict(
    column: Column,
    table: Table,
    shape: Shape,
    nature: Nature,
    keys: frozenset[str],
    values: Sequence[str],
) -> Verdict:
    seen = label_values(values)
    if seen is not None:
        return _restricted(column, seen, 0.95, "sampled values have the form of it")
    told = _by_key(column, table, shape.ties[table.name].columns(), keys)
    if told is not None:
        return told
    case = Case(column=column, table=table, nature=nature, vocabulary=_vocabulary(table))
    opening = opened(case)
    if opening is not None:
        return _open(column, *_never_an_act(case, opening))
    opening = narrow(case)
    if opening is not None:
        return replace(_open(column, *opening), by_type=True)
    return _restricted(column, _category(column), *how_sure(case))


def _never_an_act(case: Case, opening: Opening) -> Opening:
    """Keep from everybody what somebody did with a thing that everybody sees: ``read``.

    And what only a public address speaks for, in a table called after nothing that is shown.
    """
    _, sure, why = opening
    about, shown = set(words(case.table.name.name)), case.nature is Nature.PUBLIC
    told = (of_words(case.said) or "").startswith("user.behavior") and is_harmless(case.column)
    act = told or not about & kinds.PUBLIC if shown else about & kinds.DONE
    return (DataClass.INTEROPERABLE, sure, why) if act else opening


def _category(column: Column) -> str | None:
    """Tell a category by the name; a word that often stands for less names none by itself.

    A number or a flag is no text and no media, whatever word its name has.
    """
    said = words(column.name)
    strong = of_words(said, strong=True)
    weak = category(column.name)
    return weak if strong is None and weak in WEAK and not is_harmless(column) else strong


def _by_key(
    column: Column, table: Table, tied: frozenset[str], keys: frozenset[str]
) -> Verdict | None:
    """Judge what names a row, its own or another's; None for the rest."""
    if column.name in keys:
        spoken = of_words(words(column.name), strong=True)
        named = words(column.name) == ("key",) and table.column("value") is not None
        natural = column.name not in tied and not _is_number(column) and not _is_id(column, table)
        opens = not _is_number(column) and (spoken or "").startswith(_TELLING)
        if named and natural:
            return None  # what the value beside it is called
        if spoken is not None and ((natural and spoken.startswith(_SECRET)) or opens):
            return _restricted(column, spoken, 0.9, "a key that tells something itself")
        if not natural:
            return _open(column, DataClass.INTEROPERABLE, 0.95, "key", reference=True)
    number = words(column.name) == ("id",) and _is_number(column)
    if number or is_made_up(column, table):
        return _open(column, DataClass.INTEROPERABLE, 0.9, "an id made up for the row")
    if _tells_where(column, table, tied):
        return _open(column, DataClass.INTEROPERABLE, 0.8, "tells what the id beside it is of")
    return None


def _row_times(found: list[Verdict], table: Table, nature: Nature) -> list[Verdict]:
    """Close the times of a relation or setting whose rows tell more than ids, flags and counts."""
    if nature not in {Nature.RELATION, Nature.SETTING}:
        return found
    harmless = {column.name for column in table.columns if is_harmless(column)}
    tells = any(
        one.data_class is DataClass.RESTRICTED and one.column not in harmless for one in found
    )
    return [
        _restricted_from(one, "the time of a row that tells more than a relation")
        if tells and one.reason.startswith("time")
        else one
        for one in found
    ]


def _restricted_from(one: Verdict, reason: str) -> Verdict:
    return Verdict(
        column=one.column, data_class=DataClass.RESTRICTED, confidence=UNSURE, reason=reason
    )


def _restricted(column: Column, said: str | None, sure: float, reason: str) -> Verdict:
    return Verdict(
        column=column.name,
        data_class=DataClass.RESTRICTED,
        category=said,
        confidence=sure,
        reason=reason,
    )


def _open(
    column: Column, data_class: DataClass, sure: float, reason: str, *, reference: bool = False
) -> Verdict:
    return Verdict(
        column=column.name,
        data_class=data_class,
        confidence=sure,
        reason=reason,
        reference=reference,
    )


def _is_id(column: Column, table: Table) -> bool:
    """Tell whether a key of text is made up for its row: ``id``, ``orderId``.

    Not of a session, token or device, whose id may open it or be the machine's own.
    """
    said, about = words(column.name), words(table.name.name)
    opens = (of_words(about, strong=True) or "").startswith(_TELLING)
    return not opens and said in {("id",), (*about, "id")}


def _tells_where(column: Column, table: Table, tied: frozenset[str]) -> bool:
    """Tell whether a ``…_type`` stands beside a ``…_id`` that refers somewhere."""
    stem = words(column.name)[:-1]
    if not stem or words(column.name)[-1] != "type":
        return False
    return any(one.name in tied and words(one.name) == (*stem, "id") for one in table.columns)


def _is_number(column: Column) -> bool:
    return bare_type(column.base_type) in _ID_TYPES


def _vocabulary(table: Table) -> frozenset[str]:
    """Tell the words of the table's name: plain in its columns, unless they speak of a secret."""
    said = words(table.name.name)
    return frozenset() if of_words(said, strong=True) else frozenset(said)
