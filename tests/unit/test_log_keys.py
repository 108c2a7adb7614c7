"""Key files: for their owner only, never overwritten, refused when damaged."""

from pathlib import Path

import pytest

from klover.errors import ConfigError
from klover.log.keys import create_key, load_key, open_key
from klover.tlog.key import SignatureType


def test_a_key_file_is_its_owners_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys/log.key"
    key = create_key(path, "log.test/a")
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == key
    with pytest.raises(ConfigError, match="never overwritten"):
        create_key(path, "log.test/a")
    assert load_key(path) == key


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    create_key(path, "log.test/a")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_key(path)


def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    key = create_key(path, "log.test/a")
    path.write_text(key.skey[:-5] + "AAAA\n")
    with pytest.raises(ConfigError) as refused:
        load_key(path)
    assert key.skey[-30:-6] not in str(refused.value)
    path.unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_key(path)


def test_open_makes_once_and_then_reads(tmp_path: Path) -> None:
    path = tmp_path / "witness.key"
    key = open_key(path, "w", witness=True)
    assert key.type is SignatureType.COSIGNATURE
    assert open_key(path, "w", witness=True) == key
    with pytest.raises(ConfigError, match="belongs to w, not to other"):
        open_key(path, "other")
