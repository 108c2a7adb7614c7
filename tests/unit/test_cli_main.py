"""How the command line ends: a misuse is one sentence with the way to help, Ctrl-C a word."""

import pytest

from klover import cli


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("polcy", "klover: No such command 'polcy'. Did you mean 'policy'? See `klover --help`."),
        ("doors plann", "Did you mean 'plan'? See `klover doors --help`."),
        ("doors plan --jsn", "No such option: --jsn"),
        ("policy check", "See `klover policy check --help`."),
        ("doors reveal a t nonsense --reason r --reference r", "See `klover doors reveal --help`."),
    ],
)
def test_a_misuse_is_one_sentence(
    words: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in _refused(words, 2, monkeypatch, capsys)


def test_an_interruption_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("klover.policy.schema.text", interrupted)
    assert "klover: Interrupted." in _refused("policy schema", 130, monkeypatch, capsys)


@pytest.mark.parametrize("words", ["policy check --help", "--version"])
def test_a_question_about_use_is_answered_on_standard_output(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(words, monkeypatch) == 0
    told = capsys.readouterr()
    assert "klover" in told.out
    assert told.err == ""


@pytest.mark.parametrize("words", ["", "policy", "doors"])
def test_a_group_alone_shows_what_it_has(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(words, monkeypatch) == 2
    told = capsys.readouterr().err
    assert told.startswith("Usage: klover ")
    assert "Commands:" in told


def _refused(
    words: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    assert _run(words, monkeypatch) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("klover: ")
    assert len(told.err.splitlines()) == 1
    return told.err


def _run(words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["klover", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0
