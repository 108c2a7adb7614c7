"""The draft put down as a commented file.

Every line that was not certain says how sure it is and why. Column rules that recur under one
name stand once, under ``defaults``: an open class only where every table agrees, so that no
pattern opens what nobody looked at.
"""

from collections.abc import Iterator, Mapping, Sequence

from klover.catalog import TableName
from klover.policy.labels import label
from klover.policy.suggest.draft import Draft, Standing, TableDraft
from klover.policy.suggest.guess import is_writable
from klover.policy.suggest.home import Home
from klover.policy.suggest.keys import SURE
from klover.policy.suggest.rows import public_rows
from klover.policy.suggest.rules import Defaults, Rule, find_defaults, rules_of, why_default
from klover.policy.suggest.shape import Way, row_key
from klover.policy.suggest.yaml import comment, commented, flow, references, text

_HEAD = """\
# A first policy, suggested from tables, keys, names and types{sampled}. Read every line.
# `# 0.7: …` tells how sure a line is and why; without it, it is surer than that. What is restricted
# with less than 0.5 is so only for want of evidence: read it first, most of it may be opened.
# `# decide:` marks what could not be known. No row is public until you say which.

klover: 1
enclave: europe
rests_in: [EEA, GB, CH]

subjects:
  table: {table}
  key: {key}
{home}
  inside: [EEA, GB, CH]
"""
_TAIL = """\
audiences:

  trust-and-safety:                        # decide: which groups of your identity provider
    who: {groups: [trust-safety], located: [EEA, GB, CH]}
    sees: [restricted, interoperable, public]
    identifiers: clear
    requires: {purpose: [abuse, legal], expires: 8h}

  engineering-abroad:                      # decide: which groups, and whether at all
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]

# decide: the networks whose country you know; an address outside them is outside.
# networks:
#   10.20.0.0/16: IE

never:
  - {located: not adequate, sees: restricted}
"""
_ORDER = (Standing.SUBJECTS, Standing.TRACED, Standing.OPEN, Standing.SHARED)


def write(draft: Draft, *, sampled: bool = False) -> str:
    """Write a draft as YAML."""
    shared = frozenset(
        name for name, one in draft.tables.items() if one.standing is Standing.SHARED
    )
    rules = {name: rules_of(one, draft.shape, shared) for name, one in draft.tables.items()}
    defaults = find_defaults(rules, draft.tables)
    parts = [_head(draft, sampled=sampled)]
    if defaults:
        parts.append("\n".join(_defaults(defaults, rules)) + "\n")
    parts.append("tables:\n\n" + "\n".join(_tables(draft, rules, defaults)))
    return "\n".join((*parts, _TAIL))


def _head(draft: Draft, *, sampled: bool) -> str:
    table, key = "accounts  # decide: whose data it is; no table is named for people", "id"
    shape = draft.shape
    if shape.subjects is not None:
        table = text(str(shape.subjects))
        key = text(shape.key[0]) if len(shape.key) == 1 else flow([text(one) for one in shape.key])
        beside = [str(name) for name in shape.people[1:] if name in shape.split]
        if beside:
            table += f"  # {comment(', '.join(beside))}: more of the same people"
        others = [str(name) for name in shape.people[1:] if name not in shape.split]
        if others:
            table += f"  # decide: {comment(', '.join(others))} may hold people too"
    return _HEAD.format(
        sampled=" and the form of sampled values" if sampled else "",
        table=table,
        key=key,
        home="\n".join(_home(draft)),
    )


def _home(draft: Draft) -> Iterator[str]:
    usable = [one for one in draft.home if one.kind != "ip"]
    addresses = [one for one in draft.home if one.kind == "ip"]
    if not usable:
        yield "  home: none  # decide: nothing tells a country, so everybody counts as inside"
        if addresses:
            yield f"  # or, with a table of addresses named in klover.toml: {_ip(addresses)}"
        return
    if len(usable) == 1 and usable[0].kind == "country" and not addresses:
        yield f"  home: {text(usable[0].path)}"
        return
    yield "  home:  # decide: all of these, in this order? The first that tells a country counts"
    for one in usable:
        path = text(one.path)
        yield f"    - {path}" if one.kind == "country" else f"    - {{{one.kind}: {path}}}"
    if addresses:
        yield f"    # - {_ip(addresses)}  # with a table of addresses named in klover.toml"


def _ip(addresses: Sequence[Home]) -> str:
    return ", ".join(f"{{ip: {text(one.path)}}}" for one in addresses)


def _defaults(defaults: Defaults, rules: Mapping[TableName, Mapping[str, Rule]]) -> Iterator[str]:
    yield "# What columns of these names are, wherever a table says nothing else."
    yield "defaults:"
    yield "  columns:"
    for name, rule in defaults.items():
        yield commented(f"    {text(name)}: {rule}", why_default(name, rule, rules))


def _tables(
    draft: Draft, rules: Mapping[TableName, Mapping[str, Rule]], defaults: Defaults
) -> Iterator[str]:
    order = sorted(
        draft.tables.values(), key=lambda one: (_ORDER.index(one.standing), one.table.name)
    )
    titles = {
        Standing.SUBJECTS: "The people",
        Standing.TRACED: "What is theirs",
        Standing.OPEN: "To be decided: `policy check` refuses these until then",
        Standing.SHARED: "Nobody's data",
    }
    told: Standing | None = None
    for one in order:
        if not str(one.table.name).strip():
            continue  # a blank name cannot be written; `policy check` asks for the table
        if one.table.inherits and not _added(draft, one):
            continue  # it follows its parent in everything
        if one.standing is not told:
            told = one.standing
            yield f"  # {titles[told]} {'-' * (88 - len(titles[told]))}\n"
        yield "\n".join(f"  {line}" for line in _table(draft, one, rules[one.table.name], defaults))
        yield ""


def _table(
    draft: Draft, one: TableDraft, rules: Mapping[str, Rule], defaults: Defaults
) -> Iterator[str]:
    name = text(str(one.table.name))
    if one.question is not None:
        yield f"# decide: {comment(one.question)}"
    if one.table.inherits:
        added = {column: rules[column] for column in _added(draft, one)}
        yield f"{name}:  # follows {comment(', '.join(str(above) for above in one.table.inherits))}"
        yield from _columns(added)
        return
    columns = {column: rule for column, rule in rules.items() if defaults.get(column) != rule.said}
    stated = _stated(one)
    if one.standing is Standing.SHARED:
        columns = {
            column: rule
            for column, rule in columns.items()
            if not _goes_without(column, rule, defaults)
        }
        if not columns and not stated:
            yield f"{name}: shared"
            return
    elif not (columns or stated or one.ways):
        columns = dict(list(rules.items())[:1])  # an entry may not be empty
        if not columns:
            return
    yield f"{name}:"
    yield from _whose(one)
    yield from stated
    yield from _columns(columns)


def _whose(one: TableDraft) -> Iterator[str]:
    """Write whose rows they are, and what may be said of them besides."""
    if one.standing is Standing.SHARED:
        yield "  shared: true"
        return
    if one.ways:
        yield _subject(one.ways)
    if not row_key(one.table) and one.standing is not Standing.OPEN:  # a shared one needs none
        key = f"`key: {_likely_key(one)}`"
        yield f"  # decide: {key}, the columns that tell its rows apart; none is declared"
    hint = public_rows(one)
    if hint is not None:
        yield f"  # public_rows: {comment(hint)}  # decide: which rows everybody may see"


def _likely_key(one: TableDraft) -> str:
    """Write what probably tells a table's rows apart: the rows that each ties together."""
    tied = list(dict.fromkeys(guess.column for guess in one.tie.guesses if not guess.audit))
    several = len(tied) > 1 and all(map(is_writable, tied))
    return comment(flow([text(name) for name in tied])) if several else "[…]"


def _columns(columns: Mapping[str, Rule]) -> Iterator[str]:
    if columns:
        yield "  columns:"
    for column, rule in columns.items():
        yield commented(f"    {text(column)}: {rule.said}", rule.why)


def _added(draft: Draft, one: TableDraft) -> list[str]:
    """List the columns that a table adds to those it inherits."""
    above = {
        column.name
        for name in one.table.inherits
        if name in draft.tables
        for column in draft.tables[name].table.columns
    }
    return [column.name for column in one.table.columns if column.name not in above]


def _goes_without(column: str, rule: Rule, defaults: Defaults) -> bool:
    """Tell whether the language says the same of a shared table's column by itself."""
    said = rule.said == "public" or (rule.said == "interoperable" and not rule.why)
    return said and column not in defaults and label(column) is None  # else `check` asks for it


def _subject(ways: Sequence[Way]) -> str:
    paths = [text(way.text) for way in ways]
    said = paths[0] if len(paths) == 1 else flow(paths)
    sure = min(way.confidence for way in ways)
    reason = next(way.reason for way in ways if way.confidence == sure)
    why = f"{sure:.2g}: {reason}" if sure < SURE else ""  # the reference itself is stated below
    return commented(f"  subject: {said}", why)


def _stated(one: TableDraft) -> list[str]:
    """State the references that no declared key tells of, and ask about pairs."""
    lines = []
    guessed = [
        guess
        for guess in one.tie.guesses
        if not guess.declared and all(map(is_writable, guess.columns))
    ]
    pairs = [pair for pair in one.tie.pairs if pair.halves]
    if guessed or pairs:
        lines.append("  references:")
        for column, target, why in references(guessed, pairs):
            lines.append(commented(f"    {column}: {target}", why))
    for pair in one.tie.pairs:
        if not pair.halves:
            kind, one_id = comment(pair.type_column), comment(pair.id_column)
            lines += [
                f"  # decide: {kind} tells what {one_id} refers to; name each type:",
                f"  #   references: {{{one_id}: {{by: {kind}, Type: table.id}}}}",
            ]
    return lines
