"""Changed bytes are found; `make stress` changes two hundred."""

import shutil

from stress import flips

SEED = 20


def test_a_changed_byte_in_any_kind_of_file_is_found(bench):
    assert flips.missed(bench.folder / "plain", SEED, len(flips.KINDS)) == []


def test_a_change_that_is_none_is_not_found(bench, tmp_path):
    out = shutil.copytree(bench.folder / "plain", tmp_path / "out")
    flip = flips.draw(out, SEED, 0)
    assert not flips.is_found(out, flip._replace(became=flip.was))


def test_a_flip_comes_again_from_its_seed_and_number(bench):
    out = bench.folder / "plain"
    assert flips.draw(out, 3, 41) == flips.draw(out, 3, 41) != flips.draw(out, 4, 41)
    assert [flips.draw(out, 3, n).name.split("/")[0] for n in (1, 2, 3, 4, 5)] == ["units", *flips.KINDS[2:]]
