"""``klover.yaml`` read into a ``Policy``: strictly, with line numbers, all faults at once.

Unknown keys, duplicate keys, empty lists, wrong types and everything clever that YAML can do are
refused. What the file leaves open is filled with the strict choice. Whether tables and columns
exist is ``trace``'s business, whether the whole is wise is ``check``'s. The language is described
in docs/policy.md. ``tables`` reads whose data it is, ``audiences`` who sees it.
"""

import hashlib
import re

from klover.policy.document import Mapping, Node, load
from klover.policy.faults import Faults
from klover.policy.model import DataClass, Policy, Region
from klover.policy.parse.audiences import read_audiences, read_nevers
from klover.policy.parse.countries import read_countries
from klover.policy.parse.places import read_applications, read_networks, read_places
from klover.policy.parse.signing import read_signing
from klover.policy.parse.tables import read_subjects, read_table_defaults, read_tables, table_names
from klover.policy.reading import Reader

VERSION = 1
_REQUIRED = ("klover", "enclave", "rests_in", "subjects", "tables", "audiences")
_OPTIONAL = (
    "countries",
    "defaults",
    "stays_outside",
    "networks",
    "applications",
    "places",
    "never",
    "signing",
)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
_NOWHERE = Region()


def parse(text: str, file: str, countries: str | None = None) -> Policy:
    """Read the policy ``text``; ``file`` is only named in messages.

    ``countries`` is the text of the file that the policy names for them, if it names one.

    Raises PolicyError for one fault and PolicyErrors for several, each with its line.
    """
    root = load(text, file)
    faults = Faults(file)
    known = read_countries(root.entries.get("countries"), Reader(faults), countries)
    policy = _read(root, text, Reader(faults, known))
    faults.settle()
    return policy


def _read(root: Mapping, text: str, reader: Reader) -> Policy:
    parts = reader.mapping(root, "The policy", required=_REQUIRED, optional=_OPTIONAL)
    if "klover" in parts:
        reader.integer(parts["klover"], "`klover` (the language's version)", low=1, high=VERSION)
    known = table_names(parts.get("tables"))
    rests_in = _rests_in(parts.get("rests_in"), reader)
    return Policy(
        file=reader.faults.file,
        digest=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
        countries=reader.countries,
        enclave=_enclave(parts.get("enclave"), reader),
        rests_in=rests_in,
        subjects=read_subjects(parts.get("subjects"), reader, known),
        tables=read_tables(parts.get("tables"), reader, known),
        defaults=read_table_defaults(parts.get("defaults"), reader, known),
        tables_line=root.lines.get("tables", 0),
        countries_line=root.lines.get("countries", 0),
        audiences=read_audiences(parts.get("audiences"), reader),
        stays_outside=_stays_outside(parts.get("stays_outside"), reader),
        networks=read_networks(parts.get("networks"), reader),
        applications=read_applications(parts.get("applications"), reader),
        places=read_places(parts.get("places"), reader),
        nevers=read_nevers(parts.get("never"), reader),
        signing=read_signing(parts.get("signing"), reader, rests_in),
    )


def _enclave(node: Node | None, reader: Reader) -> str:
    name = reader.text(node, "`enclave`") if node is not None else None
    if node is not None and name is not None and not _NAME.match(name):
        reader.faults.add("`enclave` has to be a short name: a-z, 0-9 and -.", node.line)
    return name or ""


def _rests_in(node: Node | None, reader: Reader) -> Region:
    region = reader.region(node, "`rests_in`") if node is not None else None
    if node is not None and region is not None and (region.everywhere or region.negated):
        reader.faults.add("`rests_in` has to name the jurisdictions, one by one.", node.line)
    return region or _NOWHERE


def _stays_outside(node: Node | None, reader: Reader) -> frozenset[DataClass]:
    if node is None:
        return frozenset({DataClass.INTEROPERABLE})
    classes = reader.choices(node, "`stays_outside`", DataClass, empty=True)
    if DataClass.RESTRICTED in classes:
        reader.faults.add("`stays_outside` cannot hold `restricted`: it comes home.", node.line)
    return classes
