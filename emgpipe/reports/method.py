"""How the numbers of a visit were made, in words: from the settings of its run, its frames and the registry."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from emgpipe.batch.dictionary import measure_entries
from emgpipe.detectors.settings import DetectSettings
from emgpipe.filters.settings import ConditionSettings
from emgpipe.measures.grade import LETTERS
from emgpipe.measures.settings import MeasureSettings
from emgpipe.reports.model import Measured, VisitReport
from emgpipe.reports.words import DIRECTIONS, NOT_ON_PAGES, SOURCE_WORDS, unit_words
from emgpipe.settings import parse_settings

OWN = "emgpipe definitions"
"""Reference of a measure that has no other source."""


class Paragraph(NamedTuple):
    """A titled paragraph of the method."""

    title: str
    text: str


class Definition(NamedTuple):
    """A measure as the page explains it."""

    name: str
    unit: str
    direction: str
    definition: str
    reference: str


class Reference(NamedTuple):
    """A source of the registry, and the measures that rest on it."""

    text: str
    measures: str


def method(visit: VisitReport) -> list[Paragraph]:
    r"""Write the method of a visit from the settings of its run.

    Parameters
    ----------
    visit : VisitReport
        `settings_toml` empty: not stated, and the text then gives no number.

    Returns
    -------
    list of Paragraph
        Bands, multipliers k and floor sources are those of the recordings; all other numbers are settings.

    Raises
    ------
    SettingsError
        The settings of the visit cannot be read.

    Examples
    --------
    >>> from emgpipe.settings import to_toml
    >>> told = to_toml(parse_settings("[detect]\nclose_gap_s = 0.4"))
    >>> [p.title for p in method(VisitReport("D", "S1", "V1", (), told, "", "0.1.0"))][:3]
    ['Conditioning', 'Noise floor', 'Activity']
    """
    if not visit.settings_toml:
        return [Paragraph("Settings", "The settings of this run are not stated."), _grades()]
    settings = parse_settings(visit.settings_toml)
    results = [one.result for one in visit.recordings if one.result is not None]
    return [
        _conditioning(settings.condition, results, visit.mains_hz),
        _floor(settings.detect, results),
        _activity(settings.detect, results),
        _continuity(settings.detect),
        _pairs(settings.detect),
        _artefacts(settings.detect),
        _spasms(settings.detect),
        *([_responses(settings.condition, settings.detect, settings.measure)] if _stimulated(results) else []),
        _time(settings.detect, settings.measure),
        _grades(),
    ]


def _conditioning(told: ConditionSettings, results: Sequence[Measured], mains_hz: int | None) -> Paragraph:
    bands = dict.fromkeys(one.frames.band_hz for result in results for one in result.muscles.values())
    used = ", ".join(f"{low:.0f}–{high:.0f} Hz" for low, high in bands)
    stated = f" ({mains_hz} Hz stated)" if mains_hz else ""
    return Paragraph(
        "Conditioning",
        f"Signals are band-passed from {told.low_hz:g} to {told.high_hz:g} Hz, or to 0.45 times the sampling rate"
        f" where that is lower{f' (here {used})' if used else ''}: Butterworth of order {told.order}, zero phase."
        f" Below {told.least_rate_hz:g} Hz nothing is measured. Mains lines{stated} are looked for up to"
        f" {told.line_search_max_hz:g} Hz; only those whose power stands {told.line_ratio:g} times out of the"
        f" recording's own spectrum and is more than {_percent(told.line_share)} % of the power with loud cycles"
        " weighted down (each by the inverse of its power outside the lines) are tracked and removed. Heart beats are"
        " removed from leads that show them; the time at each beat does not enter the numbers, which is the method and"
        " no fault of the lead. No filter crosses a gap.",
    )


def _floor(told: DetectSettings, results: Sequence[Measured]) -> Paragraph:
    found: dict[str, dict[str, None]] = {}
    for result in results:
        for name, one in result.muscles.items():
            if one.floor.known:
                source = f"{SOURCE_WORDS.get(one.floor.source, one.floor.source)}, confidence {one.floor.confidence}"
                found.setdefault(source, {})[name] = None
    here = "; ".join(f"{source}: {', '.join(names)}" for source, names in found.items())
    trust = "; ".join(SOURCE_WORDS.values())
    return Paragraph(
        "Noise floor",
        "The floor is a bracket in µV with a source and a confidence. No verdict rests on a quiet part of the recording"
        f" being there. Sources in the order of trust: {trust}. A second is still below a tilt of"
        f" {told.still_tilt:g} and an excess kurtosis of {told.still_kurtosis:g}; a floor within the signal is at most"
        f" {told.floor_max_uv:g} µV, a bracket of low confidence begins at {told.floor_min_uv:g} µV or at the digital"
        " step divided by √12, whichever is larger. Amplitudes are corrected: the root of RMS² minus floor², at least"
        f" 0; a value below its limit is reported as such and never as 0.{f' Here: {here}.' if here else ''}",
    )


def _activity(told: DetectSettings, results: Sequence[Measured]) -> Paragraph:
    muscles = [one for result in results for one in result.muscles.values() if one.floor.known]
    factors = sorted({f"{one.threshold_uv / one.floor.hi_uv:.2f}" for one in muscles})
    here = f" (here {factors[0]}{f' to {factors[-1]}' if len(factors) > 1 else ''})" if factors else ""
    return Paragraph(
        "Activity",
        "A window of eight hops (about 0.1 s) is active when its RMS is above k times the upper end of the bracket,"
        f" silent below k times the lower end, and undeterminable between. k{here} is at least"
        f" {told.activity_ratio:g}, and large enough that noise passes with a chance of {told.false_alarm:g}; activity"
        f" holds down to {told.activity_release / 1.5:.2g} of that. Gaps shorter than {told.close_gap_s:g} s are"
        f" closed, bursts shorter than {told.shortest_burst_s:g} s dropped; undeterminable runs shorter than"
        f" {told.shortest_undeterminable_s:g} s and excluded stretches up to {told.bridge_excluded_s:g} s take the"
        f" state of both sides. Where more than {_percent(told.flag_undeterminable)} % of the time is undeterminable"
        f" the active share is a lower bound, above {_percent(told.most_undeterminable)} % it is not given.",
    )


def _continuity(told: DetectSettings) -> Paragraph:
    return Paragraph(
        "Continuity",
        f"An epoch of {told.cmua_epoch_s:g} s counts as continuous activity when at least"
        f" {_percent(told.cmua_act_frac)} % of it is active, no gap lasts {told.cmua_longest_gap_s:g} s, and the 10 %"
        f" quantile of its 500 ms RMS is above {told.cmua_p10_ratio:g} floors. Inactive runs of {told.silence_s:g} s"
        " and more are gaps.",
    )


def _pairs(told: DetectSettings) -> Paragraph:
    return Paragraph(
        "Pairs",
        "The overlap of a pair is made from corrected 100 ms envelopes that are 0 in silent windows and undefined in"
        f" undeterminable ones. A correlation of the two signals of {told.crosstalk_r0:g} and more within ±2 ms flags"
        " possible crosstalk; less shows none, which is not that there is none.",
    )


def _artefacts(told: DetectSettings) -> Paragraph:
    return Paragraph(
        "Time that is left out",
        "Clipped, flat and missing samples, marks made by people, heart beats and jumps of a mains line are left out;"
        f" and seconds of movement (power in 1-15 Hz more than {told.movement_ratio:g} times that of the band and its"
        f" own median), of electrode steps ({told.step_ratio:g} times the median step) and of lost contact (power of"
        f" mains lines {told.line_surge:g} times its median). Where the power of the band is then above"
        f" {told.possible_spasm_ratio:g} times its median a spasm may hide: such stretches are counted, never dropped"
        " in silence.",
    )


def _spasms(told: DetectSettings) -> Paragraph:
    return Paragraph(
        "Spasms",
        f"A spasm is a corrected RMS of {told.spasm_window_s:g} s windows that stays for {told.spasm_least_s:g} s"
        f" above the tonic level (25 % quantile) by {told.spasm_mad_ratio:g} MAD, above {told.spasm_tonic_ratio:g}"
        f" times that level and above {told.spasm_floor_ratio:g} floors; it ends below the tonic level plus"
        f" {_percent(told.spasm_end_share)} % of its height; less than {told.spasm_merge_s:g} s apart they are one,"
        f" and those of two muscles that start within {told.spasm_together_s:g} s are generalised.",
    )


def _stimulated(results: Sequence[Measured]) -> bool:
    return any(result.stimuli_s for result in results)


def _responses(told: ConditionSettings, detect: DetectSettings, need: MeasureSettings) -> Paragraph:
    return Paragraph(
        "Responses to stimuli",
        f"From {1000 * told.blank_before_s:g} ms before to {1000 * told.blank_after_s:g} ms after a stimulus mark the"
        f" signal is left out before it is filtered. A response begins {1000 * detect.evoked_first_s:g} to"
        f" {1000 * detect.evoked_last_s:g} ms after the mark, above the mean before it by {detect.evoked_sd:g} SD and"
        f" above {detect.evoked_guard:g} times the largest 10 ms mean before it, or its usual size where that is more:"
        " the average before it times the ratio of largest to average that nine stimuli in ten do not pass. At least"
        f" {need.least_trials} stimuli are needed, and for a latency {_percent(need.least_response_share)} % of them"
        " with a response.",
    )


def _time(told: DetectSettings, need: MeasureSettings) -> Paragraph:
    return Paragraph(
        "Usable time and precision",
        f"Amplitudes and shares need {need.least_usable_s:g} s of usable signal, the static level and continuity"
        f" {need.least_continuity_s:g} s, a rate of spasms {need.least_spasm_s:g} s, a reference contraction and a"
        f" floor {need.least_reference_s:g} s, all at least {_percent(need.least_usable_share)} % of the segment;"
        f" below {need.short_s:g} s a value is flagged. Low and high are the sampling precision of the segment at a"
        f" level of {_percent(told.interval_level)} %, from blocks of {told.block_times:g} autocorrelation times, at"
        f" least {told.least_blocks:g} of them: not the difference to expect between visits.",
    )


def _grades() -> Paragraph:
    letters = "; ".join(f"{letter} {meaning}" for letter, meaning in LETTERS.items())
    return Paragraph(
        "Grade",
        f"A grade says how far the numbers of a muscle can be trusted: {letters}. It is the worst of what is said of"
        " the muscle's rows.",
    )


def _percent(share: float) -> str:
    return f"{100 * share:g}"


def definitions(shown: Iterable[str]) -> list[Definition]:
    """Registry entries of the measures that a page shows, in the order of the registry."""
    names = set(shown) - NOT_ON_PAGES
    return [
        Definition(
            name, unit_words(one["unit"]) or "1", DIRECTIONS[one["direction"]], one["definition"], one["reference"]
        )
        for name, one in measure_entries().items()
        if name in names
    ]


def references(shown: Iterable[Definition]) -> list[Reference]:
    """Sources of these measures, each once, with the measures that rest on it; own definitions last.

    Examples
    --------
    >>> [r.measures for r in references(definitions(["cc_fw_pct", "floor_uv", "tilt"]))]
    ['cc_fw_pct', 'floor_uv, tilt']
    """
    by_text: dict[str, list[str]] = {}
    for one in shown:
        by_text.setdefault(one.reference, []).append(one.name)
    order = sorted(by_text, key=lambda text: text == OWN)
    return [Reference(text, ", ".join(by_text[text])) for text in order]
