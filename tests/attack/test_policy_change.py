"""Attempts to loosen a policy without the people, the time or the overseer it takes."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from doubles.signed import (
    ANNA,
    BASE,
    BERT,
    CARL,
    DELAY,
    LOOSER,
    MALLORY,
    OLGA,
    OTHER,
    PEOPLE,
    SAME,
    TIGHTER,
    UNSIGNED,
    Chain,
    begun,
    digest,
    relinked,
    sign,
    signing,
    stripped,
)
from klover.errors import CheckFailed, InputError, KloverError, PolicyError, VerifyError
from klover.policy.change import State
from klover.policy.change_take import replay
from klover.policy.parse import parse
from klover.policy.statement import Meaning
from klover.tlog.note import Note


def refused(chain: Chain, text: str, *, note: str, why: str = "sign") -> None:
    """Hand it in; it is refused, and nothing has changed."""
    before = list(chain.entries)
    with pytest.raises((CheckFailed, InputError, VerifyError), match=why):
        chain.propose(text, note=note)
    assert chain.entries == before
    assert chain.digest() == digest(BASE)


def test_the_honest_way_first() -> None:
    chain = begun()
    assert chain.propose(LOOSER, ANNA, BERT).pending is not None
    chain.now += DELAY - timedelta(microseconds=1)
    assert chain.digest() == digest(BASE)
    chain.now += timedelta(microseconds=1)
    assert chain.digest() == digest(LOOSER)


def test_a_tightening_takes_effect_at_once_with_one_signature() -> None:
    chain = begun()
    assert chain.propose(TIGHTER, BERT).in_effect is not None
    assert chain.digest() == digest(TIGHTER)


def test_nobody_signs_or_one_signs_or_one_signs_twice() -> None:
    chain = begun()
    refused(chain, LOOSER, note="", why="needs signatures")
    refused(chain, LOOSER, note=sign(chain.change(LOOSER), ANNA), why="needs 2 of the signers")
    note = stripped(sign(chain.change(LOOSER), ANNA))
    twice = Note(text=note.text, signatures=note.signatures * 2).encode().decode()
    refused(chain, LOOSER, note=twice, why="anna has signed, bert could")


def test_a_tightening_without_a_signature() -> None:
    chain = begun()
    refused(chain, TIGHTER, note="")
    refused(chain, TIGHTER, note=sign(chain.change(TIGHTER), MALLORY), why="nobody has signed")


def test_a_signer_of_the_new_file_alone() -> None:
    """Mallory names herself, or herself and Carl, as signers of the policy she proposes."""
    chain = begun()
    for people in ((("anna", ANNA), ("mallory", MALLORY)), (("carl", CARL), ("mallory", MALLORY))):
        text = LOOSER.replace(signing(*PEOPLE), signing(*people))
        refused(chain, text, note=sign(chain.change(text), CARL, MALLORY), why="nobody has signed")
        refused(chain, text, note=sign(chain.change(text), ANNA, MALLORY), why="anna has signed")


def test_a_known_name_over_an_unknown_key() -> None:
    """A key that bears a signer's name is not the signer's key."""
    from klover.log.keys import make_key

    false = make_key("bert", seed=bytes([99]) * 32)
    chain = begun()
    refused(chain, LOOSER, note=sign(chain.change(LOOSER), ANNA, false), why="anna has signed")


def test_a_forged_signature_refuses_the_whole_note() -> None:
    chain = begun()
    note = stripped(sign(chain.change(LOOSER), ANNA, BERT))
    first, second = note.signatures
    forged = replace(second, data=bytes(64))
    text = Note(text=note.text, signatures=(first, forged)).encode().decode()
    refused(chain, LOOSER, note=text, why="does not verify")


def test_signatures_for_another_text() -> None:
    chain = begun()
    refused(chain, LOOSER, note=sign(chain.change(TIGHTER), ANNA, BERT), why="another text")
    refused(chain, OTHER, note=sign(chain.change(LOOSER), ANNA, BERT), why="another text")


def test_a_loosening_signed_as_a_tightening() -> None:
    """One signer says that it tightens; the rules say what it is."""
    chain = begun()
    for meaning in (Meaning.TIGHTENS, Meaning.SAME, Meaning.FIRST):
        lie = chain.change(LOOSER, meaning=meaning)
        refused(chain, LOOSER, note=sign(lie, ANNA), why="another meaning")
        refused(chain, LOOSER, note=sign(lie, ANNA, BERT), why="another meaning")


def test_signatures_of_an_earlier_time_are_replayed() -> None:
    """BASE → LOOSER → BASE: the signatures that once led to LOOSER lead there no more."""
    chain = begun()
    note = sign(chain.change(LOOSER), ANNA, BERT)
    chain.propose(LOOSER, note=note)
    chain.now += DELAY
    chain.propose(BASE, ANNA)
    chain.now += timedelta(hours=1)
    assert chain.digest() == digest(BASE)
    refused(chain, LOOSER, note=note, why="from another policy")


def test_signatures_of_an_objected_or_superseded_proposal_are_replayed() -> None:
    chain = begun()
    note = sign(chain.change(LOOSER), ANNA, BERT)
    chain.propose(LOOSER, note=note)
    chain.object(OLGA)
    refused(chain, LOOSER, note=note, why="handed in before")
    chain.now += timedelta(hours=1)
    again = sign(chain.change(LOOSER), ANNA, BERT)
    chain.propose(LOOSER, note=again)
    chain.propose(OTHER, ANNA, BERT)
    refused(chain, LOOSER, note=again, why="handed in before")


def test_signatures_of_another_enclave_or_for_another_purpose() -> None:
    chain = begun()
    refused(chain, LOOSER, note=sign(chain.change(LOOSER, enclave="asia"), ANNA, BERT))
    checkpoint = chain.change(LOOSER).text.replace("klover.policy-change/v1", "log.example/hamar")
    from klover.tlog.note import sign_note

    note = sign_note(checkpoint, ANNA)
    note = note.with_signatures(sign_note(checkpoint, BERT).signatures)
    refused(chain, LOOSER, note=note.encode().decode(), why="about something else")


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("delay: 48h", "delay: 1m"),
        BASE.replace("delay: 48h", "delay: 366d"),
        BASE.replace(signing(*PEOPLE), signing(*PEOPLE, ("carl", CARL))),
        BASE.replace(signing(*PEOPLE), signing(("anna", ANNA), ("carl", CARL))),
        BASE.replace(signing(*PEOPLE), signing(*PEOPLE, overseer=MALLORY)),
        BASE.replace("located: IE", "located: DE", 1),
        UNSIGNED,
    ],
    ids=["shorter", "longer", "one more", "another", "overseer", "elsewhere", "no signing"],
)
def test_a_changed_signing_section_waits_like_any_loosening(text: str) -> None:
    chain = begun()
    refused(chain, text, note=sign(chain.change(text), ANNA), why="needs 2")
    assert chain.propose(text, ANNA, BERT).pending is not None
    assert chain.digest() == digest(BASE)
    chain.now += DELAY
    assert chain.digest() == digest(text)


def test_a_shorter_delay_does_not_shorten_its_own() -> None:
    chain = begun()
    chain.propose(LOOSER.replace("delay: 48h", "delay: 1m"), ANNA, BERT)
    chain.now += timedelta(hours=47)
    assert chain.digest() == digest(BASE)


def test_a_loosening_hidden_among_tightenings() -> None:
    chain = begun()
    refused(chain, OTHER, note=sign(chain.change(OTHER), ANNA), why="needs 2")


def test_what_moves_counts_as_loosening() -> None:
    chain = begun()
    text = BASE.replace("visibility = 'public'", "visibility <> 'private'")
    assert chain.change(text).meaning is Meaning.LOOSENS
    refused(chain, text, note=sign(chain.change(text), ANNA), why="needs 2")


def test_the_clock_is_turned_back() -> None:
    chain = begun()
    note = sign(chain.change(LOOSER), ANNA, BERT)
    with pytest.raises(CheckFailed, match="clock stands before"):
        chain.propose(LOOSER, note=note, at=chain.now - timedelta(hours=2))
    chain.propose(LOOSER, note=note)
    assert chain.standing(chain.now - timedelta(days=9)).pending is not None


def test_signatures_dated_in_the_future_or_long_past() -> None:
    chain = begun()
    late = chain.change(LOOSER, time=chain.now + timedelta(hours=1))
    refused(chain, LOOSER, note=sign(late, ANNA, BERT), why="dated in the future")
    note = sign(chain.change(LOOSER), ANNA, BERT)
    chain.now += timedelta(days=31)
    refused(chain, LOOSER, note=note, why="older than 30 days")


def test_the_overseer_stops_a_loosening() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    chain.now += DELAY - timedelta(seconds=1)
    assert chain.object(OLGA).pending is None
    chain.now += timedelta(days=30)
    assert chain.digest() == digest(BASE)
    assert chain.standing().versions[-1].state is State.OBJECTED


def test_somebody_else_objects() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    for key in (ANNA, MALLORY):
        with pytest.raises(VerifyError, match="not signed by the overseer"):
            chain.object(key)
    assert chain.standing().pending is not None


def test_the_overseer_of_the_new_policy_does_not_decide() -> None:
    chain = begun()
    chain.propose(LOOSER.replace(OLGA.verifier.vkey, MALLORY.verifier.vkey), ANNA, BERT)
    with pytest.raises(VerifyError, match="not signed by the overseer"):
        chain.object(MALLORY)
    assert chain.object(OLGA).pending is None


def test_an_objection_after_the_effect_changes_nothing() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    note = sign(chain.objection(), OLGA)
    chain.now += DELAY
    with pytest.raises(InputError, match="took effect"):
        chain.object(note=note)
    assert chain.digest() == digest(LOOSER)


def test_an_objection_is_replayed_against_a_later_proposal_of_the_same_policy() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    note = sign(chain.objection(), OLGA)
    chain.object(note=note)
    chain.now += timedelta(hours=1)
    chain.propose(LOOSER, ANNA, BERT)
    with pytest.raises(VerifyError, match="against another proposal"):
        chain.object(note=note)
    assert chain.standing().pending is not None


def test_a_pending_proposal_is_superseded_by_another_with_a_delay_of_its_own() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    chain.now += timedelta(hours=47)
    chain.propose(OTHER, ANNA, BERT)
    chain.now += timedelta(hours=2)
    assert chain.digest() == digest(BASE)
    chain.now += timedelta(hours=46)
    assert chain.digest() == digest(OTHER)
    assert [one.state for one in chain.standing().versions] == [
        State.REPLACED,
        State.SUPERSEDED,
        State.IN_EFFECT,
    ]


def test_a_tightening_ends_what_was_pending() -> None:
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    chain.propose(TIGHTER, ANNA)
    chain.now += DELAY * 2
    assert chain.digest() == digest(TIGHTER)


def test_the_first_policy_with_signers_needs_their_signatures() -> None:
    chain = Chain()
    with pytest.raises(InputError, match="no `signing:`"):
        chain.propose(UNSIGNED)
    for keys in ((ANNA,), (ANNA, MALLORY)):
        with pytest.raises(CheckFailed, match="needs 2"):
            chain.propose(BASE, *keys)
    assert chain.propose(BASE, ANNA, BERT).in_effect is not None


def test_after_signing_was_removed_the_chain_still_decides() -> None:
    chain = begun()
    chain.propose(UNSIGNED, ANNA, BERT)
    chain.now += DELAY
    assert chain.digest() == digest(UNSIGNED)
    with pytest.raises(InputError, match="needs signatures"):
        chain.propose(LOOSER)
    assert chain.propose(LOOSER, ANNA, BERT).in_effect is not None


def test_a_text_of_the_same_meaning_needs_one_signature_and_no_delay() -> None:
    chain = begun()
    refused(chain, SAME, note="")
    chain.propose(SAME, ANNA)
    assert chain.digest() == digest(SAME)


def test_the_file_of_countries_is_under_the_signatures() -> None:
    """The policy pins the file; with another one the same signatures lead nowhere."""
    row = "{group: EEA, country: RU, since: 2020-01-01, source: s}"
    file = f"klover-countries: 1\nmemberships: [{row}]\n"
    pin = hashlib.sha256(file.encode()).hexdigest()
    text = BASE + f"countries: {{file: c.yaml, sha256: {pin}}}\n"
    chain = begun()
    chain.countries = file
    assert chain.change(text).meaning is Meaning.LOOSENS  # protected data may rest in one more
    note = sign(chain.change(text), ANNA, BERT)
    chain.countries = file.replace("RU", "CN")
    with pytest.raises(InputError, match="another SHA-256"):
        chain.propose(text, note=note)
    chain.countries = file
    assert chain.propose(text, note=note).pending is not None
    edited = replace(chain.entries[-1], countries=file.replace("RU", "CN"))
    with pytest.raises(VerifyError, match="does not hold"):
        replay(relinked([*chain.entries[:-1], edited]), chain.now)


@pytest.mark.parametrize("attack", ["effect", "note", "text", "drop", "swap", "link", "unsigned"])
def test_whoever_holds_the_table_edits_it(attack: str) -> None:
    """The owner of the store can write any row and bind it anew; signatures he cannot write."""
    chain = begun()
    chain.propose(LOOSER, ANNA, BERT)
    first, second = chain.entries
    edited = {
        # dated back, so that the delay is over: before the signatures were given
        "effect": [first, replace(second, at=second.at - timedelta(hours=1, minutes=10))],
        "note": [first, replace(second, note=sign(chain.change(LOOSER), MALLORY, CARL))],
        "text": [first, replace(second, policy=OTHER)],
        "drop": [second],
        "swap": [second, first],
        "unsigned": [replace(first, note="", policy=UNSIGNED), second],
    }
    if attack == "link":
        rows = [first, replace(second, at=second.at - timedelta(seconds=1))]
    else:
        rows = relinked(edited[attack])
    with pytest.raises(VerifyError):
        replay(rows, chain.now + timedelta(hours=47, minutes=30))


def test_a_history_is_not_taken_on_trust_when_it_is_read() -> None:
    """An entry put in by hand, of one signer's tightening that loosens, is refused on reading."""
    chain = begun()
    lie = sign(chain.change(LOOSER, meaning=Meaning.TIGHTENS), ANNA)
    false = replace(chain.entries[0], number=2, at=chain.now, policy=LOOSER, note=lie)
    with pytest.raises(VerifyError, match="does not hold"):
        replay(relinked([*chain.entries, false]), chain.now)


@pytest.mark.parametrize(
    ("section", "word"),
    [
        (signing(("anna", ANNA), ("bert", ANNA)), "has the key of anna"),
        (signing(("anna", ANNA)), "names 1 signers"),
        (signing(*PEOPLE, need=3), "needs 3"),
        (signing(*PEOPLE, need=1), "a number from 2"),
        (signing(*PEOPLE, overseer=ANNA), "also signer anna's"),
        (signing(*PEOPLE).replace("located: IE", "located: US"), "may not rest"),
        (signing(*PEOPLE, delay="0m"), "span"),
        (signing(*PEOPLE).replace("AYq", "AYr"), "no verifier key"),
        (signing(*PEOPLE).replace("  delay: 48h\n", ""), "needs `delay:`"),
    ],
)
def test_a_section_that_would_be_no_second_pair_of_eyes_is_refused(section: str, word: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(UNSIGNED + section, "new.yaml")
    assert any(word in str(one) for one in getattr(caught.value, "errors", [caught.value]))


def test_a_note_that_is_no_note_is_refused() -> None:
    chain = begun()
    for note in ("x", "klover.policy-change/v1\n\n— anna AAAA\n", "\n\n\n"):
        with pytest.raises(KloverError):
            chain.propose(LOOSER, note=note)
    assert chain.digest() == digest(BASE)
