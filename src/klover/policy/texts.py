"""The text of a policy, as it is kept, signed and handed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A policy's text, and that of the file of countries it pins; empty where there is none."""

    policy: str = ""
    countries: str = ""
