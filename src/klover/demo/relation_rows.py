"""Rows that concern two people, often across the border, and rows about money and searches.

A text names only people whose row it is: a message quotes its sender's e-mail, a report that of
the person reported, a search its owner's name. So whatever holds a European's restricted value is
a European's row.
"""
# ruff: noqa: PLR2004, S311 - shares of invented data explain themselves and are no secret

from collections.abc import Iterator
from hashlib import blake2b
from random import Random

from klover.demo.cast import AMERICAN, PRIVATE, Cast
from klover.demo.content import MESSAGES, SEARCHES, STREETS
from klover.demo.copytext import NULL, field, fields, moments

_REASONS = ("spam", "harassment", "self-harm", "impersonation", "other")
_CURRENCIES = ("EUR", "USD", "GBP", "NOK", "JPY", "BRL")


def follows(cast: Cast) -> Iterator[str]:
    """Yield who follows whom. The American follows exactly whom the cast says."""
    random = Random(f"{cast.seed}/follows")
    draw, moment = random.random, moments(random)
    for person in range(cast.people):
        wanted = {int(draw() * draw() * cast.people) for _ in range(int(draw() * 5))}
        if person == AMERICAN:
            wanted = set(cast.followed)
        for other in sorted(wanted - {person}):
            yield f"{person + 1}\t{other + 1}\t{moment()}\n"


def blocks(cast: Cast) -> Iterator[str]:
    """Yield who wants to hear no more of whom."""
    random = Random(f"{cast.seed}/blocks")
    draw, moment = random.random, moments(random)
    for person in range(cast.people):
        other = int(draw() * cast.people)
        if draw() < 0.1 and other != person:
            note = field(f"{cast.name(other)}, again") if draw() < 0.3 else NULL
            yield f"{person + 1}\t{other + 1}\t{note}\t{moment()}\n"


def messages(cast: Cast) -> Iterator[str]:
    """Yield private messages; every body is one of its kind."""
    random = Random(f"{cast.seed}/messages")
    draw, moment = random.random, moments(random)
    texts = fields(MESSAGES)
    number = 0
    for person in range(cast.people):
        other = int(draw() * cast.people)
        for _ in range(int(draw() * 3.4)):
            number += 1
            sender, recipient = (person, other) if draw() < 0.5 else (other, person)
            body = f"{texts[int(draw() * len(texts))]} (ref KX-{number:07X})"
            if draw() < 0.1:
                body = f"{body}\\n\\nmy new address is {cast.email(sender)}"
            sent = moment()
            read = sent if draw() < 0.8 else NULL
            yield f"{number}\t{sender + 1}\t{recipient + 1}\t{body}\t{sent}\t{read}\n"


def reports(cast: Cast) -> Iterator[str]:
    """Yield reports of videos' authors, some without a reporter."""
    random = Random(f"{cast.seed}/reports")
    draw, moment = random.random, moments(random)
    for number in range(1, 1 + max(8, cast.people // 12)):
        video = int(draw() * len(cast.authors))
        reported = cast.authors[video]
        reporter = NULL if draw() < 0.1 else str(1 + int(draw() * cast.people))
        about = str(video + 1) if draw() < 0.7 else NULL
        details = NULL
        if draw() < 0.6:
            details = field(f"I know them: {cast.name(reported)}, {cast.email(reported)}")
        yield (
            f"{number}\t{reporter}\t{reported + 1}\t{about}\t{_REASONS[int(draw() * 5)]}"
            f"\t{details}\t{moment()}\n"
        )


def comment_reports(cast: Cast, comments: int) -> Iterator[str]:
    """Yield reports of comments, by people the comments' authors may not know."""
    random = Random(f"{cast.seed}/comment_reports")
    draw, moment = random.random, moments(random)
    for comment in range(1, comments + 1):
        if draw() < 0.03:
            reporter = int(draw() * cast.people)
            details = field(f"says {cast.name(reporter)}") if draw() < 0.5 else NULL
            yield f"{comment}\t{reporter + 1}\t{_REASONS[int(draw() * 5)]}\t{details}\t{moment()}\n"


def notifications(cast: Cast) -> Iterator[str]:
    """Yield what people were told: others appear in it by their public handle."""
    random = Random(f"{cast.seed}/notifications")
    draw, moment = random.random, moments(random)
    number = 0
    for video, author in enumerate(cast.authors):
        if cast.visibilities[video] == PRIVATE or draw() < 0.2:
            continue
        number += 1
        seen = NULL if draw() < 0.3 else "2025-11-03 07:30:00+00"
        if draw() < 0.1:
            what = f"{NULL}\t{NULL}\tsystem\tA new sign-in for {cast.email(author)}"
        else:
            actor = int(draw() * cast.people)
            what = f"{actor + 1}\t{video + 1}\tlike\t{cast.handle(actor)} liked your video"
        yield f"{number}\t{author + 1}\t{what}\t{moment()}\t{seen}\n"


def _payment_id(cast: Cast, number: int) -> str:
    return blake2b(f"{cast.seed}/payment/{number}".encode(), digest_size=16).hexdigest()


def _payers(cast: Cast) -> Iterator[int]:
    return (person for person in range(cast.people) if person * 7 % 20 < 7)


def payments(cast: Cast) -> Iterator[str]:
    """Yield payments, with the name and the address on the bill."""
    random = Random(f"{cast.seed}/payments")
    draw, moment = random.random, moments(random)
    streets = fields(STREETS)
    for number, person in enumerate(_payers(cast)):
        amount = 99 + int(draw() * 20) * 100
        chance = draw()
        refunded = number % 11 == 0
        status = "refunded" if refunded else "settled" if chance < 0.95 else "failed"
        address = f"{streets[int(draw() * len(streets))]} {person + 1}\\n{cast.home(person).city}"
        yield (
            f"{_payment_id(cast, number)}\t{person + 1}\t{amount}\t{amount // 5}"
            f"\t{_CURRENCIES[int(draw() * 6)]}\t{status}\t{field(cast.name(person))}"
            f"\t{address if draw() < 0.7 else NULL}\tVISA {person:08d} {int(draw() * 10**4):04d}"
            f"\t{moment()}\n"
        )


def payment_refunds(cast: Cast) -> Iterator[str]:
    """Yield the refunds of every eleventh payment."""
    random = Random(f"{cast.seed}/payment_refunds")
    draw, moment = random.random, moments(random)
    for number, person in enumerate(_payers(cast)):
        if number % 11 == 0:
            reason = f"asked from {cast.email(person)}" if draw() < 0.5 else NULL
            yield f"{number // 11 + 1}\t{_payment_id(cast, number)}\t99\t{reason}\t{moment()}\n"


def search_history(cast: Cast) -> Iterator[str]:
    """Yield what people looked for; now and then themselves."""
    random = Random(f"{cast.seed}/search_history")
    draw, moment = random.random, moments(random)
    queries = fields(SEARCHES)
    number = 0
    for person in range(cast.people):
        for _ in range(int(draw() * 2.6)):
            number += 1
            query = queries[int(draw() * len(queries))]
            if draw() < 0.1:
                query = field(f"{cast.name(person)} {cast.home(person).city}")
            yield f"{number}\t{person + 1}\t{query}\t{moment()}\n"
