"""What the verdicts may be told: floor, activity, continuity, co-contraction."""

from dataclasses import dataclass, field


def _m(unit: str, doc: str, source: str) -> dict[str, str]:
    return {"unit": unit, "doc": doc, "source": source}


@dataclass(frozen=True)
class DetectSettings:
    """Thresholds applied to frames; changing one never rereads a file. See `emgpipe settings`."""

    floor_max_uv: float = field(default=5.0, metadata=_m("uV", "Cap of an in-signal floor.", "definitions, 2"))
    floor_min_uv: float = field(
        default=0.3, metadata=_m("uV", "Lower end of a low-confidence bracket.", "definitions, 2")
    )
    still_tilt: float = field(
        default=1.8, metadata=_m("1", "A second is still only below this spectral tilt.", "definitions, 2")
    )
    still_kurtosis: float = field(
        default=1.0, metadata=_m("1", "A second is still only below this excess kurtosis.", "definitions, 2")
    )
    activity_ratio: float = field(
        default=1.5, metadata=_m("1", "Least k: active is RMS > k x upper floor.", "definitions, 3")
    )
    activity_release: float = field(
        default=1.25, metadata=_m("1", "Hysteresis: active holds down to this ratio (of 1.5).", "definitions, 3")
    )
    false_alarm: float = field(
        default=1e-4, metadata=_m("1", "Chance that a window of noise passes k.", "definitions, 3")
    )
    close_gap_s: float = field(
        default=0.25, metadata=_m("s", "Shorter gaps between active windows are closed.", "definitions, 3")
    )
    shortest_burst_s: float = field(default=0.1, metadata=_m("s", "Shorter bursts are dropped.", "definitions, 3"))
    shortest_undeterminable_s: float = field(
        default=0.2,
        metadata=_m("s", "Shorter undeterminable runs take the state of both sides.", "definitions, 3"),
    )
    bridge_excluded_s: float = field(
        default=0.3, metadata=_m("s", "Excluded stretches up to this take the state of both sides.", "definitions, 3")
    )
    flag_undeterminable: float = field(
        default=0.1, metadata=_m("1", "Share of undeterminable time above which act_frac is a bound.", "definitions, 3")
    )
    most_undeterminable: float = field(
        default=0.5,
        metadata=_m("1", "Share of undeterminable time above which act_frac is not given.", "definitions, 3"),
    )
    cmua_epoch_s: float = field(default=10.0, metadata=_m("s", "Length of a CMUA epoch.", "definitions, 4"))
    cmua_act_frac: float = field(
        default=0.95, metadata=_m("1", "Least active share of a CMUA epoch.", "definitions, 4")
    )
    cmua_longest_gap_s: float = field(
        default=0.5, metadata=_m("s", "Longest gap in a CMUA epoch stays below this.", "definitions, 4")
    )
    cmua_p10_ratio: float = field(
        default=1.25, metadata=_m("1", "P10 of the 500 ms RMS exceeds this times the floor.", "definitions, 4")
    )
    silence_s: float = field(
        default=0.2, metadata=_m("s", "Shortest inactive run that counts as a gap.", "definitions, 4")
    )
    crosstalk_r0: float = field(
        default=0.3, metadata=_m("1", "Correlation within +-2 ms that flags possible crosstalk.", "definitions, 5")
    )
    movement_ratio: float = field(
        default=10.0,
        metadata=_m("1", "Movement: power in 1-15 Hz over that of the band, and over its median.", "science.md, 5"),
    )
    step_ratio: float = field(
        default=10.0, metadata=_m("1", "Electrode step: largest step over the median one.", "science.md, 5")
    )
    line_surge: float = field(
        default=30.0, metadata=_m("1", "Electrode off: line power over its median.", "own measurement")
    )
    possible_spasm_ratio: float = field(
        default=9.0, metadata=_m("1", "Possible spasm: band power over its median (3 x in RMS).", "definitions, 6")
    )
    interval_level: float = field(
        default=0.95, metadata=_m("1", "Level of the sampling precision `low`, `high`.", "own choice")
    )
    block_times: float = field(
        default=3.0, metadata=_m("1", "Block of the sampling precision, in autocorrelation times.", "definitions, 7")
    )
    least_blocks: float = field(
        default=12.0, metadata=_m("1", "Blocks below which no sampling precision is given.", "definitions, 7")
    )
    evoked_sd: float = field(
        default=3.0,
        metadata=_m("1", "A response exceeds the mean before the stimulus by this many SD.", "definitions, 6"),
    )
    evoked_guard: float = field(
        default=1.1,
        metadata=_m("1", "And this times the largest 10 ms before the stimulus.", "own measurement, decision 23"),
    )
    evoked_first_s: float = field(
        default=0.02, metadata=_m("s", "A response is looked for from here after a stimulus.", "own choice")
    )
    evoked_last_s: float = field(
        default=0.2, metadata=_m("s", "And up to here; voluntary reactions take longer.", "own choice")
    )
    spasm_window_s: float = field(default=0.25, metadata=_m("s", "Window of the RMS of spasms.", "definitions, 6"))
    spasm_mad_ratio: float = field(
        default=5.0, metadata=_m("1", "A spasm exceeds the tonic level (P25) by this times its MAD.", "definitions, 6")
    )
    spasm_tonic_ratio: float = field(
        default=2.0, metadata=_m("1", "A spasm exceeds this times the tonic level.", "decision 22")
    )
    spasm_floor_ratio: float = field(
        default=5.0, metadata=_m("1", "A spasm exceeds this times the floor.", "definitions, 6")
    )
    spasm_least_s: float = field(default=1.0, metadata=_m("s", "Least time above that level.", "definitions, 6"))
    spasm_merge_s: float = field(
        default=2.0, metadata=_m("s", "Spasms less than this apart are one.", "definitions, 6")
    )
    spasm_end_share: float = field(
        default=0.2,
        metadata=_m("1", "A spasm ends below the tonic level plus this share of its height.", "definitions, 6"),
    )
    spasm_together_s: float = field(
        default=1.0, metadata=_m("s", "Spasms of two muscles that start within this are generalised.", "definitions, 6")
    )
