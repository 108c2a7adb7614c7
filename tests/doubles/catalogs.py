"""Catalogs written by hand, for tests of the policy that need no database.

``table("videos", "id bigint pk", "account_id bigint -> accounts.id", "title text null")``
"""

from klover.catalog import Catalog, Column, ForeignKey, Key, Table, TableKind, TableName


def table(
    name: str,
    *columns: str,
    key: tuple[str, ...] = (),
    unique: tuple[tuple[str, ...], ...] = (),
    kind: TableKind = TableKind.TABLE,
    partitions: tuple[str, ...] = (),
    foreign: tuple[tuple[str, str, str], ...] = (),
    inherits: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
) -> Table:
    """Make a table; a column is ``name type [pk] [null] [enum] [-> table.column]``.

    ``foreign`` are keys of several columns (``("a b", "table", "c d")``), ``reads`` a view's
    ``table.column``.
    """
    made, primary = [], list(key)
    keys = [
        ForeignKey(
            name=f"{name}_{number}_fkey",
            columns=tuple(ours.split()),
            target=TableName.parse(to),
            target_columns=tuple(theirs.split()),
        )
        for number, (ours, to, theirs) in enumerate(foreign)
    ]
    for ordinal, text in enumerate(columns, 1):
        head, _, target = text.partition("->")
        column, type_name, *words = head.split()
        type_name = type_name.replace("_", " ")
        made.append(
            Column(
                name=column,
                ordinal=ordinal,
                type=type_name,
                type_kind="e" if "enum" in words else "b",
                base_type=type_name,
                element_type=type_name.removesuffix("[]") if type_name.endswith("[]") else None,
                not_null="null" not in words,
                enum_labels=("one", "two") if "enum" in words else (),
            )
        )
        if "pk" in words:
            primary.append(column)
        for one in target.split("|") if target else ():
            to, _, to_column = one.strip().rpartition(".")
            keys.append(
                ForeignKey(
                    name=f"{name}_{column}_fkey",
                    columns=(column,),
                    target=TableName.parse(to),
                    target_columns=(to_column,),
                )
            )
    return Table(
        name=TableName.parse(name),
        kind=kind,
        columns=tuple(made),
        primary_key=Key(name=f"{name}_pkey", columns=tuple(primary)) if primary else None,
        uniques=tuple(Key(name=f"{name}_{n}", columns=u) for n, u in enumerate(unique)),
        foreign_keys=tuple(keys),
        inherits=tuple(TableName.parse(above) for above in inherits),
        reads=tuple(
            (TableName.parse(text.rpartition(".")[0]), text.rpartition(".")[2]) for text in reads
        ),
        partitions=tuple(TableName.parse(part) for part in partitions),
    )


def catalog(*tables: Table) -> Catalog:
    """Put tables together."""
    return Catalog(server_version=180000, tables={made.name: made for made in tables})


def videos() -> Catalog:
    """Make the catalog of DESIGN's example: a small video application."""
    return catalog(
        table(
            "accounts",
            "id bigint pk",
            "handle text",
            "email text",
            "privacy text enum",
            "country text null",
            unique=(("handle",), ("email",)),
        ),
        table("languages", "code text pk", "name text"),
        table(
            "videos",
            "id bigint pk",
            "account_id bigint -> accounts.id",
            "visibility text enum",
            "title text",
            "language_code text -> languages.code",
        ),
        table(
            "comments",
            "id bigint pk",
            "video_id bigint -> videos.id",
            "account_id bigint -> accounts.id",
            "parent_id bigint null -> comments.id",
            "body text",
        ),
        table(
            "follows",
            "follower_id bigint -> accounts.id",
            "followee_id bigint -> accounts.id",
            key=("follower_id", "followee_id"),
        ),
    )


POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA, GB, CH]
subjects:
  table: accounts
  key: id
  home: country
  inside: [EEA, GB, CH]
tables:
  accounts:
    public_rows: true
    columns:
      id:      {class: interoperable, identifies: directly}
      handle:  {class: public, identifies: directly, unique: global}
      email:   {class: restricted, unique: global, stub: "{key}@stub.invalid"}
      privacy: interoperable
      country: {class: interoperable, identifies: indirectly}
  videos:
    subject: account_id
    public_rows: visibility = 'public'
    columns:
      id: interoperable
      account_id: interoperable
      visibility: interoperable
      title: public
      language_code: public
  comments:
    subject: account_id
    public_rows: true
    hangs_off: [video_id]
    columns:
      id: interoperable
      video_id: interoperable
      account_id: interoperable
      parent_id: interoperable
      body: public
  follows:
    subject: [follower_id, followee_id]
    columns: {follower_id: interoperable, followee_id: interoperable}
  languages: shared
audiences:
  trust-and-safety:
    who: {groups: [trust-safety], located: [EEA, GB, CH]}
    sees: [restricted, interoperable, public]
    identifiers: clear
    requires: {purpose: [abuse, legal], reference: "CASE-[0-9]+", expires: 8h}
  finance-europe:
    who: {groups: [finance], located: [EEA]}
    sees: [restricted, interoperable, public]
    requires: {purpose: accounts}
  creators-abroad:
    who: {groups: [creators], located: any}
    sees: [interoperable, public]
    identifiers: clear
  engineering-abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
networks: {10.20.0.0/16: IE, 10.60.0.0/16: CN, "2001:db8::/32": NO, 10.20.9.0/24: FR}
never:
  - {located: not adequate, sees: restricted}
stays_outside: [interoperable, public]
"""
"""A policy that fits ``videos()`` and of which ``check`` finds nothing but notes."""
