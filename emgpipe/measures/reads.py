"""Which settings a verdict and a measure read: the one place that says when a number may be kept from point to point.

Every setting of `DetectSettings` stands here. The stages follow one another, and what one of them reads reaches a
measure through what it makes; a measure is listed with the settings that it reads itself, beside them. Measures with
`MeasureSettings` read all of it. A test records what is really read.
"""

QUALITY = ("movement_ratio", "step_ratio", "line_surge", "possible_spasm_ratio")
"""Seconds that are excluded."""
FLOOR = ("floor_max_uv", "floor_min_uv", "still_tilt", "still_kurtosis")
"""The bracket of the noise."""
LEVELS = ("activity_ratio", "false_alarm", "bridge_excluded_s")
"""Windows over k."""
STATES = ("activity_release", "close_gap_s", "shortest_burst_s", "shortest_undeterminable_s")
"""States of hops."""
EVOKED = ("evoked_sd", "evoked_guard", "evoked_first_s", "evoked_last_s")
"""Responses to stimuli."""
CROSSTALK = ("crosstalk_r0",)
"""From which correlation on all numbers of a muscle or a pair say so."""
STAGES = (QUALITY, FLOOR, LEVELS, STATES, EVOKED, CROSSTALK)

_PRECISION = ("interval_level", "block_times", "least_blocks")
_UNSURE = ("flag_undeterminable", "most_undeterminable")
CMUA = ("cmua_epoch_s", "cmua_act_frac", "cmua_longest_gap_s", "cmua_p10_ratio")
SPASMS = (
    "spasm_window_s", "spasm_mad_ratio", "spasm_tonic_ratio", "spasm_floor_ratio", "spasm_least_s", "spasm_merge_s",
    "spasm_end_share", "bridge_excluded_s",
)  # fmt: skip
TOGETHER = ("spasm_together_s",)

_AMPLITUDES = ("rest_rms_uv", "apdf_p10_uv", "apdf_p50_uv", "apdf_p90_uv", "rest_third1_uv", "rest_third2_uv",
               "rest_third3_uv", "relax_resid_uv")  # fmt: skip
_COMMON = ("cc_overlap_uv", "cc_overlap_xt_uv", "cc_fw_pct", "cc_rudolph_uv", "coact_frac", "coact_excess")

MEASURES: dict[str, tuple[str, ...]] = {
    "floor_uv": (),
    "tilt": _PRECISION,
    **dict.fromkeys(_AMPLITUDES, _PRECISION),
    **dict.fromkeys(("act_frac", "act_frac_lo", "act_frac_hi"), (*_UNSURE, *_PRECISION)),
    "cmua_frac": (*CMUA, *_UNSURE, *_PRECISION),
    "longest_silence_s": _UNSURE,
    "gaps_per_min": ("silence_s", *_UNSURE, *_PRECISION),
    "possible_spasm_n": (),
    "spasm_rate_h": SPASMS,
    "spasm_auc_uvs_min": SPASMS,
    "stim_lat_ms": ("interval_level",),
    "stim_auc_uvs": ("interval_level",),
    "stim_habituation": ("interval_level",),
    **dict.fromkeys(_COMMON, (*_UNSURE, *_PRECISION)),
    "xt_r0": (),
    "imc_low_z": (),
    "spasm_generalised_n": (*SPASMS, *TOGETHER, *CROSSTALK),
}
"""Measure -> settings of detection that its function reads, beside those of the stages that its input comes from."""

ENDS = frozenset({"act_frac_lo", "act_frac_hi"})
"""Measures that look at the states of both ends of the bracket."""
STATELESS = frozenset({"floor_uv", "tilt", "possible_spasm_n", "spasm_rate_h", "spasm_auc_uvs_min", *_AMPLITUDES,
                       "stim_lat_ms", "stim_auc_uvs", "stim_habituation"})  # fmt: skip
"""Measures that look at no state, and are the same whatever k and hysteresis are."""
