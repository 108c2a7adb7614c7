"""Rows about the people themselves: accounts, devices, sessions, contacts, consents.

Each function yields lines for COPY, in the column order that ``people`` states. Restricted values
also turn up in awkward places, as they do in life: an address in a settings document, an e-mail in
an audit event.
"""
# ruff: noqa: PLR2004, S311 - shares of invented data explain themselves and are no secret

import json
from collections.abc import Iterator
from random import Random

from klover.demo.cast import Cast
from klover.demo.content import (
    BIOS,
    DISPLAY_NAMES,
    MODELS,
    PURPOSES,
    STREETS,
    USER_AGENTS,
)
from klover.demo.copytext import NULL, field, fields, moments

_BIRTHS = ("1899-12-31", "1912-02-29", "2000-02-29", "0044-03-15 BC", "1970-01-01", "2011-06-30")


def accounts(cast: Cast) -> Iterator[str]:
    """Yield one account a person; some invited others."""
    random = Random(f"{cast.seed}/accounts")
    draw, bits, moment = random.random, random.getrandbits, moments(random)
    for person in range(cast.people):
        home = cast.home(person)
        chance = draw()
        status = "active" if chance < 0.92 else "dormant" if chance < 0.98 else "suspended"
        invited = str(1 + int(draw() * person)) if person and draw() < 0.4 else NULL
        made = moment()
        yield (
            f"{person + 1}\t{cast.handle(person)}\t{cast.email(person)}\t{cast.phone(person)}"
            f"\t\\\\x{bits(128):032x}\t{field(home.spelling)}\t{home.language or NULL}"
            f"\t{status}\t{invited}\t{made}\t{made}\n"
        )


def profiles(cast: Cast) -> Iterator[str]:
    """Yield what each person shows, and what the application knows beside it."""
    random = Random(f"{cast.seed}/profiles")
    draw, moment = random.random, moments(random)
    shown, bios, streets = fields(DISPLAY_NAMES), fields(BIOS), fields(STREETS)
    links = fields(("[]", "[]", '["https://example.org/?q=\\"a\\""]', '[{"shop": "ünï"}]'))
    births = [f"{1945 + year}-{month:02d}-17" for year in range(65) for month in range(1, 13)]
    births += _BIRTHS
    for person in range(cast.people):
        name = field(cast.name(person)) if draw() < 0.9 else NULL
        birth = births[int(draw() * len(births))] if draw() < 0.8 else NULL
        address = NULL
        if draw() < 0.4:
            street = streets[int(draw() * len(streets))]
            address = f"{street} {person + 1}\\n{cast.home(person).city}"
        yield (
            f"{person + 1}\t{shown[int(draw() * len(shown))]}\t{bios[int(draw() * len(bios))]}"
            f"\tavatars/{person:08x}.webp\t{links[int(draw() * len(links))]}"
            f"\t{name}\t{birth}\t{address}\t{moment()}\n"
        )


def settings(cast: Cast) -> Iterator[str]:
    """Yield whom each person lets in, and preferences that hold more than they should."""
    random = Random(f"{cast.seed}/settings")
    draw = random.random
    who = ("everyone", "followers", "nobody")
    for person in range(cast.people):
        chance = draw()
        preferences = "{}"
        if chance < 0.3:
            preferences = f'{{"recovery": "{cast.email(person)}", "digest": "weekly"}}'
        elif chance < 0.4:
            preferences = '{"theme": "dark", "captions": true, "volume": 0.35}'
        yield (
            f"{person + 1}\t{who[int(draw() * 3)]}\t{who[int(draw() * 3)]}\t{who[int(draw() * 3)]}"
            f"\t{'t' if draw() < 0.85 else 'f'}\t{preferences}\n"
        )


def _devices_before(person: int) -> int:
    """Count the devices of everybody before ``person``: one each, every fourth has two."""
    return person + (person + 3) // 4


def devices(cast: Cast) -> Iterator[str]:
    """Yield the devices people use."""
    random = Random(f"{cast.seed}/devices")
    draw, bits, moment = random.random, random.getrandbits, moments(random)
    models = fields(MODELS)
    for person in range(cast.people):
        for number in range(_devices_before(person) + 1, _devices_before(person + 1) + 1):
            token = f"push:{bits(96):024x}" if draw() < 0.7 else NULL
            yield (
                f"{number}\t{person + 1}\t{models[int(draw() * len(models))]}\t{token}"
                f"\t{moment()}\n"
            )


def sessions(cast: Cast) -> Iterator[str]:
    """Yield sessions with the addresses they came from; some last for ever, some still do."""
    random = Random(f"{cast.seed}/sessions")
    draw, bits, moment = random.random, random.getrandbits, moments(random)
    agents = fields(USER_AGENTS)
    for person in range(cast.people):
        for number in range(int(draw() * 3.4)):
            device = str(_devices_before(person) + 1) if draw() < 0.8 else NULL
            address = cast.ip4(person) if draw() < 0.6 else cast.ip6(person, number)
            chance = draw()
            start = moment()
            last = f"{start[:10]} 23:59:59.999999+00"
            end = NULL if chance < 0.1 else "infinity" if chance < 0.11 else last
            yield (
                f"{bits(128):032x}\t{person + 1}\t{device}\t{address}"
                f"\t{agents[int(draw() * len(agents))]}\t{start}\t{end}\n"
            )


def login_attempts(cast: Cast) -> Iterator[str]:
    """Yield attempts to log in, numbered but without a key."""
    random = Random(f"{cast.seed}/login_attempts")
    draw, moment = random.random, moments(random)
    number = 0
    for person in range(cast.people):
        for _ in range(int(draw() * draw() * 5)):
            number += 1
            yield (
                f"{number}\t{person + 1}\t{cast.ip4(person)}\t{'t' if draw() < 0.8 else 'f'}"
                f"\t{moment()}\n"
            )


def contact_verifications(cast: Cast) -> Iterator[str]:
    """Yield codes sent to e-mails and phones."""
    random = Random(f"{cast.seed}/contact_verifications")
    draw, moment = random.random, moments(random)
    number = 0
    for person in range(cast.people):
        for kind in ("email", "phone"):
            if draw() < 0.55:
                number += 1
                contact = cast.email(person) if kind == "email" else cast.phone(person)
                sent = moment()
                yield (
                    f"{number}\t{person + 1}\t{kind}\t{contact}\t{int(draw() * 10**6):06d}"
                    f"\t{sent}\t{sent if draw() < 0.8 else NULL}\n"
                )


def consents(cast: Cast) -> Iterator[str]:
    """Yield what people agreed to; most of it without an end."""
    random = Random(f"{cast.seed}/consents")
    draw, moment = random.random, moments(random)
    for person in range(cast.people):
        for purpose in PURPOSES[: int(draw() * 3.8)]:
            until = "infinity" if draw() < 0.8 else "2031-12-31 23:59:59.999999+00"
            address = cast.ip4(person) if draw() < 0.4 else NULL
            yield (
                f"{person + 1}\t{purpose}\t{'t' if draw() < 0.6 else 'f'}\t{address}"
                f"\t{moment()}\t{until}\n"
            )


def audit_events(cast: Cast) -> Iterator[str]:
    """Yield what the application wrote down, restricted values and all; a few concern nobody."""
    random = Random(f"{cast.seed}/audit_events")
    draw, moment = random.random, moments(random)
    number = 0
    for person in range(cast.people):
        for _ in range(int(draw() * 2.8)):
            number += 1
            chance = draw()
            if chance < 0.4:
                event = "email.changed"
                detail = f'{{"from": "old.{cast.email(person)}", "to": "{cast.email(person)}"}}'
            elif chance < 0.7:
                event = "login"
                detail = f'{{"ip": "{cast.ip4(person)}", "ok": true, "took_ms": 41.50}}'
            elif chance < 0.85:
                event = "support.note"
                said = {"said": f'I am "{cast.name(person)}"\tcall {cast.phone(person)}'}
                detail = field(json.dumps(said, ensure_ascii=draw() < 0.5))
            else:
                event, detail = "settings.changed", '{"discoverable": [true, false]}'
            yield f"{number}\t{person + 1}\t{event}\t{detail}\t{moment()}\n"
        if person % 400 == 0:
            number += 1
            yield f'{number}\t{NULL}\tnightly.vacuum\t{{"tables": 25}}\t{moment()}\n'
