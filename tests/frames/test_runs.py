"""The conditioning of one run: what is taken out of blocks is taken out of stretches and of raw samples too."""

import numpy as np
import pytest

from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.heart import Lead, find_heart
from emgpipe.frames.reduce import prepare_runs
from emgpipe.simulate import heart_train, mains
from tests.strategies import noise_of, run_of

RATE = 1000.0
N = 40_000
RNG = np.random.default_rng(1)
TRAIN = heart_train(N, RATE, RNG, ectopic_share=0.0)
HUM = mains(N, RATE, RNG, rms_uv=20.0)
PLAIN = noise_of(1, 40, RATE, 1.3)


def conditioner(x, *, heart=True):
    run = run_of(x, 500)
    told = find_heart([Lead("L", True, [run], RATE)]) if heart else None
    (one,), *_ = prepare_runs([run], RATE, 50, ConditionSettings(), told)
    return one


def whole(one):
    return np.concatenate([y for _, y in one.blocks()])


def test_blocks_hold_neither_mains_nor_heart():
    one = conditioner(PLAIN + TRAIN.samples_uv + HUM)
    assert one.track is not None
    assert one.beats
    bare = whole(conditioner(PLAIN, heart=False))
    inner = slice(2000, -2000)
    left_uv = np.sqrt(np.mean((whole(one) - bare)[inner] ** 2))
    # of 20 µV of mains and a heart of 200 µV
    assert left_uv < 2.0


@pytest.mark.parametrize(("first", "stop"), [(0, 1000), (7777, 9001), (39_000, 40_000), (0, N)])
@pytest.mark.parametrize("heart", [True, False])
def test_a_stretch_is_that_part_of_the_whole(first, stop, heart):
    one = conditioner(PLAIN + TRAIN.samples_uv + HUM, heart=heart)
    # the filter has decayed to 1e-7 of its input at the edge
    np.testing.assert_allclose(one.stretch(first, stop), whole(one)[first:stop], rtol=0, atol=2e-3)


def test_raw_samples_lose_the_beats_and_nothing_else():
    one = conditioner(PLAIN + TRAIN.samples_uv)
    without = conditioner(PLAIN + TRAIN.samples_uv, heart=False)
    raw = without.raw_without_beats(5000, 9000)
    assert raw.tobytes() == without.run.read(5000, 9000).tobytes()
    taken = raw.astype(np.float64) - one.raw_without_beats(5000, 9000)
    np.testing.assert_allclose(taken, (whole(without) - whole(one))[5000:9000], rtol=0, atol=1e-4)
    assert np.abs(taken).max() > 40
