"""Measure the statistics of a trial on simulated crossovers and write docs/validation_trial.md.

`python -m validation.crossover [--sets N] [--part NAME ...] [--out FILE]`; parts alone are printed, not written.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from emgpipe.statistics import carryover_bias, rerandomisation_ps
from validation import crossover_cases as cases
from validation.cases import Floats
from validation.checks import Check, Each
from validation.crossover_cases import CARRYING, EFFECT, GAUSSIAN, LASTING, NAMES, NULL, POWERED, SKEWED, WRONG, Trial
from validation.pages import ROOT, made_with, page_text
from validation.pool import each_on
from validation.real import workers

SETS = 40_000
"""Trials of a kind; null and skewed ones."""
SLOW_SETS = 400
"""Trials of a kind, of what is fitted one by one."""
LEVEL = 0.05
EFFECT_IN_COVERAGE = -0.3
MOST_SECONDS = 1.0
SD_ERROR = 1.03
"""Four standard errors of the ratio of two SDs of the same 10,000 trials."""
ERRORS = 4.0
"""Standard errors that a simulated mean may be off."""
HEAD = """\
# Validation: the statistics of a trial

Written by `make validate` (`python -m validation.crossover --sets {sets}`), emgpipe {version}, Python {python},
{machine}. Every trial is simulated: levels of patients (SD 0.6 in logarithms), a shift of each period that baseline and
treatment share, errors of visits; month 1 of each period is its baseline, months 2 and 3 are on treatment. `change`:
from period baseline; `raw`: period means; both by two-sample t of the differences of the periods. Signals and measures
are on the [first](validation.md) and the [second page](validation_stiffness.md).

| claim | goal | measured | holds |
|---|---|---|---|
"""
FOOT = """
## What falls short, and what this does not show

- **The mixed model** errs more often than it says, as its test takes the normal distribution: it stands beside the
  headline for trials with missing visits, and is labelled.
- **A missed baseline** takes its patient out of the headline and of change, not out of raw: where one visit in ten is
  missed, the headline is the less precise of headline and raw.
- **Where periods differ by nothing but the errors of visits**, baselines tell nothing: their slope costs three points
  of power. Where periods differ more, it wins two to five over the better of change and raw.
- **Errors that are not Gaussian**: what the t tests do is in the rows above. Only the exact test is valid by
  construction, and only if patients, not visits, were given their sequence by chance.
- **Carryover** that differs between treatments is told by no column: raw period means understate, change from baseline
  over- or understates with what the baseline holds, and the headline lies between. The formula is that of
  `emgpipe.statistics.carryover_bias`; nobody knows its two numbers from the trial itself.
- Visits are missed by chance here. Visits missed because patients do badly bias every row.
- Power is of these variances; those of a real outcome are not known before the trial.
"""


def main() -> int:
    """Run all parts, or those that are named; exit code 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=SETS)
    parser.add_argument("--part", choices=sorted(PARTS), action="append")
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    with each_on(workers()) as each:
        checks = [PARTS[name](each, told.sets) for name in told.part or PARTS]
    text = page_text(HEAD.format(sets=told.sets, **made_with()), checks, FOOT)
    if told.part and not told.out:
        sys.stdout.write(text)
    else:
        (told.out or ROOT / "docs" / "validation_trial.md").write_text(text, encoding="utf-8")
    for check in checks:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
    return 0 if all(check.holds for check in checks) else 1


def gathered(
    each: Each, function: Callable[..., Floats], keys: Sequence[tuple[object, ...]], sets: int
) -> list[Floats]:
    """Answers of `sets` trials or a little more for each key, chunks joined along the last axis."""
    size = cases.SLOW_CHUNK if function in (cases.mixed_case, cases.ranks_case) else cases.CHUNK
    chunks = range(-(-sets // size))
    found = each(function, [(*key, chunk) for key in keys for chunk in chunks])
    return [np.concatenate(found[i * len(chunks) : (i + 1) * len(chunks)], axis=-1) for i in range(len(keys))]


def type_one(each: Each, sets: int) -> Check:
    """Share of Gaussian trials without an effect in which there seems to be one."""
    found = gathered(each, cases.contrast_case, [(trial, NULL) for trial in GAUSSIAN], sets)
    mixed = gathered(each, cases.mixed_case, [(trial,) for trial in GAUSSIAN], slow(sets))
    return type_one_check(found, mixed)


def slow(sets: int) -> int:
    """How many of the trials that are fitted one by one."""
    return min(sets, SLOW_SETS)


def type_one_check(found: Sequence[Floats], mixed: Sequence[Floats]) -> Check:
    """4.5 to 5.5 % of the headline; the others beside it."""
    shares = [(x[:, 3] < LEVEL).mean(-1) for x in found]
    beside = [(x[2] < LEVEL).mean() for x in mixed]
    ours = [s[0] for s in shares]
    return Check(
        "Trials without an effect: type I error at 5 %",
        "4.5-5.5 % of the headline in every row; >= 20,000 trials a row",
        f"{percent(min(ours))}-{percent(max(ours))} % in {len(ours)} rows of {found[0].shape[-1]} trials; mixed model"
        f" {percent(min(beside))}-{percent(max(beside))} % of {mixed[0].shape[-1]}",
        all(0.045 <= share <= 0.055 for share in ours),
        ("trial", *(f"{name}, %" for name in NAMES), f"mixed model, % of {mixed[0].shape[-1]}", "without an answer"),
        tuple((trial.name, *map(percent, share), percent(m), f"{unanswered(x)}")
              for trial, share, m, x in zip(GAUSSIAN, shares, beside, found, strict=True)),
    )  # fmt: skip


def unanswered(found: Floats) -> int:
    """Trials in which the headline is refused."""
    return int(np.isnan(found[0, 3]).sum())


def coverage(each: Each, sets: int) -> Check:
    """How often the intervals hold the effect."""
    trials = [cases.replace(trial, effect=EFFECT_IN_COVERAGE) for trial in GAUSSIAN]
    found = gathered(each, cases.contrast_case, [(trial, EFFECT) for trial in trials], sets)
    ranks = gathered(each, cases.ranks_case, [(trial,) for trial in trials], slow(sets))
    return coverage_check(found, ranks)


def coverage_check(found: Sequence[Floats], ranks: Sequence[Floats]) -> Check:
    """94 to 96 % of the headline's 95 % intervals hold the effect."""
    held = [np.array([covered(x[i, 0], cases.half_width(x)[i]) for i in range(len(NAMES))]) for x in found]
    widths = [np.nanmean(cases.half_width(x), axis=-1) for x in found]
    beside = [((x[0] <= EFFECT_IN_COVERAGE) & (x[1] >= EFFECT_IN_COVERAGE)).mean() for x in ranks]
    ours = [h[0] for h in held]
    return Check(
        "Trials with an effect: coverage of the 95 % interval",
        "94-96 % of the headline in every row; >= 20,000 trials a row",
        f"{percent(min(ours))}-{percent(max(ours))} % in {len(ours)} rows of {found[0].shape[-1]} trials;"
        f" Hodges-Lehmann {percent(min(beside))}-{percent(max(beside))} % of {ranks[0].shape[-1]}",
        all(0.94 <= share <= 0.96 for share in ours),
        ("trial", *(f"{name}, % (half width)" for name in NAMES), f"Hodges-Lehmann, % of {ranks[0].shape[-1]}"),
        tuple((trial.name, *(f"{percent(h)} ({w:.3f})" for h, w in zip(share, wide, strict=True)), percent(r))
              for trial, share, wide, r in zip(GAUSSIAN, held, widths, beside, strict=True)),
    )  # fmt: skip


def covered(effect: Floats, half: Floats) -> float:
    """Share of the intervals there are that hold the effect."""
    there = np.isfinite(half)
    return float((np.abs(effect - EFFECT_IN_COVERAGE) <= half)[there].mean())


def exact(each: Each, sets: int) -> Check:
    """Type I error of re-randomisation where errors are not Gaussian."""
    few = -(-sets // 2)
    found = gathered(each, cases.exact_case, [(trial, SKEWED) for trial in WRONG], few)
    contrasts = gathered(each, cases.contrast_case, [(trial, SKEWED) for trial in WRONG], few)
    return exact_check(found, contrasts)


def exact_check(found: Sequence[Floats], contrasts: Sequence[Floats]) -> Check:
    """At most 5 % within the error of so many trials; the t tests of the same trials beside it."""
    shares = [(x <= LEVEL).mean(-1) for x in found]
    most = LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / found[0].shape[-1])
    beside = [(x[:, 3] < LEVEL).mean(-1) for x in contrasts]
    largest = max(share.max() for share in shares)
    return Check(
        "Errors that are not Gaussian: type I error of re-randomisation at 5 %",
        f"<= 5 % within three standard errors ({percent(most, 2)} %) with and without baselines; >= 20,000 trials"
        " a row",
        f"at most {percent(largest, 2)} % in {len(shares)} rows of {found[0].shape[-1]} trials",
        bool(largest <= most),
        ("trial", "exact, with baselines, %", "exact, raw, %", *(f"t: {name}, %" for name in NAMES)),
        tuple((trial.name, *(percent(x, 2) for x in share), *map(percent, t))
              for trial, share, t in zip(WRONG, shares, beside, strict=True)),
    )  # fmt: skip


def carryover(each: Each, sets: int) -> Check:
    """Bias where A lasts into period 2 and its baseline."""
    return carryover_check(gathered(each, cases.contrast_case, [(trial, LASTING) for trial in CARRYING], sets))


def carryover_check(found: Sequence[Floats]) -> Check:
    """Mean error of each estimate beside `carryover_bias`."""
    rows, worst = [], 0.0
    for trial, x in zip(CARRYING, found, strict=True):
        told = []
        for i, name in enumerate(NAMES):
            bias, error = x[i, 0].mean() - trial.effect, x[i, 0].std(ddof=1) / np.sqrt(x.shape[-1])
            formula = 0.0 if name == cases.FIRST else expected(trial, float(x[i, 4].mean()))
            worst = max(worst, abs(bias - formula) / error)
            told.append(f"{bias:+.4f} ({formula:+.4f})")
        rows.append((trial.name, *told, f"{x[0, 4].mean():.2f}"))
    lasting = CARRYING[0].lasting
    return Check(
        f"Carryover of A alone ({lasting:g} in period 2, effect {CARRYING[0].effect:g}): bias",
        f"as the formula says, within {ERRORS:g} standard errors of the simulated mean",
        f"at most {worst:.1f} standard errors off, {len(found)} rows of {found[0].shape[-1]} trials",
        bool(worst <= ERRORS),
        ("share of it in the baseline", *(f"{name}: bias (formula)" for name in NAMES), "mean slope of the headline"),
        tuple(rows),
    )


def expected(trial: Trial, slope: float) -> float:
    """Bias by the formula of the documentation."""
    return carryover_bias(trial.lasting, slope=slope, baseline_share=trial.share)


def power(each: Each, sets: int) -> Check:
    """Power and precision of each analysis of the same trials."""
    few = -(-sets // 4)
    found = gathered(each, cases.contrast_case, [(trial, EFFECT) for trial in POWERED], few)
    again = gathered(each, cases.exact_case, [(trial, EFFECT) for trial in POWERED], few)
    return power_check(found, again)


def power_check(found: Sequence[Floats], again: Sequence[Floats]) -> Check:
    """A slope that is not needed costs 1/(n - 4) of the variance: no more is paid for not knowing what is best."""
    sds = [x[:, 0].std(-1) for x in found]
    hits = [(x[:, 3] < LEVEL).mean(-1) for x in found]
    ratios = [sd[0] / min(sd[1], sd[2]) for sd in sds]
    points = [100 * (hit[0] - max(hit[1], hit[2])) for hit in hits]
    most = SD_ERROR * np.sqrt(1 + 1 / (len(POWERED[0].sequences) - 4))
    rows = tuple(
        (trial.name, *(f"{percent(h)} ({s:.3f})" for h, s in zip(hit, sd, strict=True)),
         percent((e[0] <= LEVEL).mean()), percent((e[1] <= LEVEL).mean()))
        for trial, hit, sd, e in zip(POWERED, hits, sds, again, strict=True)
    )  # fmt: skip
    return Check(
        f"Trials with an effect of {POWERED[0].effect:g}: power and SD of the estimate",
        f"SD of the headline at most {most:.2f} of that of change or raw, whichever is the better (nobody knows"
        " before): what a slope costs that is not needed, and 3 % for the error of the simulation",
        f"{min(ratios):.2f}-{max(ratios):.2f} of it, power {min(points):+.1f} to {max(points):+.1f} points;"
        f" {len(rows)} rows of {found[0].shape[-1]} trials",
        bool(max(ratios) <= most),
        ("trial", *(f"{name}, % (SD)" for name in NAMES), "exact, with baselines, %", "exact, raw, %"),
        rows,
    )


def speed(_each: Each, _sets: int) -> Check:
    """Processor time of exact re-randomisation of 100 measures."""
    rng = np.random.default_rng(1)
    values, baselines = rng.standard_normal((2, 100, 16, 2))
    seconds = []
    for base in (None, baselines):
        start = time.process_time()
        found = rerandomisation_ps(values, ["AB", "BA"] * 8, baselines=base)
        seconds.append(time.process_time() - start)
    arrangements = int(found.n_arrangements[0])
    return Check(
        "Exact re-randomisation of 100 measures of 16 patients",
        f"<= {MOST_SECONDS:g} s of processor time for 12,870 arrangements, with and without baselines",
        f"{max(seconds):.2f} s, {arrangements} arrangements each",
        max(seconds) <= MOST_SECONDS and arrangements == 12870,
        ("statistic", "processor time, s"),
        (("treatment contrast", f"{seconds[0]:.2f}"), ("t of the ANCOVA", f"{seconds[1]:.2f}")),
    )


def percent(share: float, digits: int = 1) -> str:
    """A share in percent."""
    return f"{100 * share:.{digits}f}"


PARTS: dict[str, Callable[[Each, int], Check]] = {
    "type-one": type_one, "coverage": coverage, "exact": exact, "carryover": carryover, "power": power, "speed": speed,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
