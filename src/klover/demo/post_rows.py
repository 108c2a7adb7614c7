"""Rows about what people make: videos, captions, tags, comments, likes; and the shared tables.

A public text never holds a restricted value. What is not public may: the caption of a private
video quotes its author's phone, a comment that a moderator removed quotes an e-mail.
"""
# ruff: noqa: PLR2004, S311 - shares of invented data explain themselves and are no secret

from collections.abc import Iterator
from random import Random

from klover.demo.cast import PRIVATE, PUBLIC, Cast
from klover.demo.content import CAPTIONS, COMMENTS, LANGUAGES, LONG_CAPTION, TAGS, TITLES
from klover.demo.copytext import NULL, fields, moments

_VISIBILITY = ("public", "followers", "private")


def languages(_: Cast) -> Iterator[str]:
    """Yield the languages: nobody's data."""
    return (f"{code}\t{name}\t{native}\n" for code, name, native in LANGUAGES)


def hashtags(_: Cast) -> Iterator[str]:
    """Yield the tags: nobody's data."""
    return (f"{number}\t{tag}\n" for number, tag in enumerate(TAGS, 1))


def videos(cast: Cast) -> Iterator[str]:
    """Yield the videos of the cast, in the order of their authors."""
    random = Random(f"{cast.seed}/videos/rows")
    draw, bits, moment = random.random, random.getrandbits, moments(random)
    titles, captions = fields(TITLES), fields(CAPTIONS)
    for video, author in enumerate(cast.authors):
        visibility = cast.visibilities[video]
        chance = draw()
        caption = captions[int(draw() * len(captions))]
        if visibility == PRIVATE and chance < 0.3:
            caption = f"only for me: {cast.phone(author)}"
        elif chance > 0.9995 or video == 0:
            caption = LONG_CAPTION
        upload, place = NULL, f"{NULL}\t{NULL}"
        if draw() < 0.5:
            upload = cast.ip4(author)
            place = f"{draw() * 140 - 70:.6f}\t{draw() * 360 - 180:.6f}"
        made = moment()
        yield (
            f"{video + 1}\t{author + 1}\t{_VISIBILITY[visibility]}"
            f"\t{titles[int(draw() * len(titles))]}\t{caption}"
            f"\t{cast.home(author).language or NULL}\t{1 + int(draw() * 600)}"
            f"\tclips/{video:08x}-{bits(32):08x}.mp4\t{upload}\t{place}\t{made}\t{made}\n"
        )


def video_captions(cast: Cast) -> Iterator[str]:
    """Yield what is said in the videos, in one language or two."""
    random = Random(f"{cast.seed}/video_captions")
    draw = random.random
    spoken = fields(text for text in CAPTIONS if text)
    number = 0
    for video, author in enumerate(cast.authors):
        if draw() < 0.65:
            continue
        own = cast.home(author).language or "en"
        for language in (own,) if draw() < 0.8 or own == "en" else (own, "en"):
            number += 1
            yield f"{number}\t{video + 1}\t{language}\t{spoken[int(draw() * len(spoken))]}\n"


def video_tags(cast: Cast) -> Iterator[str]:
    """Yield which tags a video carries."""
    random = Random(f"{cast.seed}/video_tags")
    draw = random.random
    for video in range(len(cast.authors)):
        first = int(draw() * draw() * len(TAGS))
        for step in range(int(draw() * 2.7)):
            yield f"{video + 1}\t{(first + step * 5) % len(TAGS) + 1}\n"


def comments(cast: Cast) -> Iterator[str]:
    """Yield comments, some of them answers, some removed by a moderator."""
    random = Random(f"{cast.seed}/comments")
    draw, moment = random.random, moments(random)
    texts = fields(COMMENTS)
    number = 0
    for video in range(len(cast.authors)):
        first = number + 1
        for _ in range(int(draw() * draw() * 5.6)):
            number += 1
            author = int(draw() * cast.people)
            parent = NULL
            if number > first and draw() < 0.4:
                parent = str(first + int(draw() * (number - first)))
            body = texts[int(draw() * len(texts))]
            made = moment()
            removed = NULL
            if draw() < 0.03:
                removed = made
                body = f"{body} - write to me: {cast.email(author)}"
            yield f"{number}\t{video + 1}\t{author + 1}\t{parent}\t{body}\t{made}\t{removed}\n"


def comment_count(cast: Cast) -> int:
    """Count the comments that ``comments`` yields."""
    return sum(1 for _ in comments(cast))


def likes(cast: Cast) -> Iterator[str]:
    """Yield likes: a few videos have most of them, and all but the private ones have some."""
    random = Random(f"{cast.seed}/likes")
    draw, moment = random.random, moments(random)
    for video, visibility in enumerate(cast.visibilities):
        if visibility == PRIVATE:
            continue
        popular = draw() ** 4 * (14 if visibility == PUBLIC else 4)
        fans = {int(draw() * cast.people) for _ in range(int(popular))}
        for fan in sorted(fans):
            yield f"{video + 1}\t{fan + 1}\t{moment()}\n"
