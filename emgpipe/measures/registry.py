"""Every measure: name, unit, direction, definition, reference, function."""

from emgpipe.measures import events, evoked, muscle, pair
from emgpipe.measures.views import RELAX, REST, STIMULUS, Measure

_OWN = "emgpipe definitions"
_APDF = "Jonsson 1982, J Hum Ergol 11:73 (amplitude probability); windows and floor correction: own"
_SPASM = "Thomas et al. 2014, J Electromyogr Kinesiol 24:747 (merging); level, end and floor: own"
_GAPS = "Hansson et al. 2000, J Electromyogr Kinesiol 10:103 (gap); floor: own"
_COMMON_AREA = "Falconer & Winter 1985, Electromyogr Clin Neurophysiol 25:135 (no DOI)"
_RUDOLPH = "Rudolph et al. 2000, doi:10.1007/s001670000130; floor-corrected µV: own"
_XT = "Winter, Fuglevand & Archer 1994, J Electromyogr Kinesiol 4:15; lag and threshold: own"
_RDS = "Clancy et al. 2019, IEEE Trans Neural Syst Rehabil Eng 27:2328 (root difference of squares)"

MUSCLE_MEASURES: tuple[Measure, ...] = (
    Measure("floor_uv", "uV", "none", "Noise floor in the analysis band, µV RMS; low and high are its bracket,"
            " not a sampling precision.",
            _OWN, muscle.floor_uv, need="nothing"),
    Measure("tilt", "1", "up", "Density in 50-200 Hz over that in 350-425 Hz, median over seconds: about 1 for white"
            " noise, 2.7 and more with muscle activity of one floor.", _OWN, muscle.tilt, need="nothing",
            needs_floor=False),
    Measure("rest_rms_uv", "uV", "up", "Median floor-corrected RMS of 1 s windows.", _RDS, muscle.rest_rms_uv,
            limited=True),
    Measure("apdf_p10_uv", "uV", "up", "Static level: 10 % quantile of the floor-corrected RMS of 1 s windows every"
            " 0.5 s. The primary amplitude.", _APDF, muscle.apdf_p10_uv, need="continuity", limited=True),
    Measure("apdf_p50_uv", "uV", "up", "Median level: 50 % quantile of the same.", _APDF, muscle.apdf_p50_uv,
            limited=True),
    Measure("apdf_p90_uv", "uV", "up", "Peak level: 90 % quantile of the same.", _APDF, muscle.apdf_p90_uv,
            limited=True),
    Measure("act_frac", "1", "up", "Active share of the time with a verdict; of all usable time, as a lower bound,"
            " where more than 10 % is undeterminable.", _OWN, muscle.act_frac, given_in=REST),
    Measure("act_frac_lo", "1", "up", "Active share if the floor were the upper end of its bracket.", _OWN,
            muscle.act_frac_lo, given_in=REST),
    Measure("act_frac_hi", "1", "up", "Active share if the floor were the lower end of its bracket.", _OWN,
            muscle.act_frac_hi, given_in=REST),
    Measure("cmua_frac", "1", "up", "Share of usable 10 s epochs with continuous activity: active 95 % and more, no gap"
            " of 0.5 s, P10 of the 500 ms RMS above 1.25 floors.", _OWN, muscle.cmua_frac, given_in=REST,
            need="continuity"),
    Measure("longest_silence_s", "s", "down", "Longest silent run. An extreme: no low and high.", _OWN,
            muscle.longest_silence_s, given_in=REST),
    Measure("gaps_per_min", "1/min", "none", "Silent runs of 0.2 s and more between activity, a usable minute; 0 when"
            " always or never active.", _GAPS, muscle.gaps_per_min, given_in=REST),
    Measure("rest_third1_uv", "uV", "none", "rest_rms_uv of the first third (settling).", _OWN, muscle.rest_third1_uv,
            given_in=REST, limited=True, need="third"),
    Measure("rest_third2_uv", "uV", "none", "rest_rms_uv of the middle third.", _OWN, muscle.rest_third2_uv,
            given_in=REST, limited=True, need="third"),
    Measure("rest_third3_uv", "uV", "none", "rest_rms_uv of the last third.", _OWN, muscle.rest_third3_uv,
            given_in=REST, limited=True, need="third"),
    Measure("possible_spasm_n", "1", "none", "Stretches of movement, clipping or electrode trouble with three times the"
            " typical RMS: a spasm may hide there. They are excluded, and counted. No low and high.", _OWN,
            muscle.possible_spasm_n, given_in=REST, need="nothing"),
    Measure("spasm_rate_h", "1/h", "up", "Spasms an hour of usable time: floor-corrected RMS of 250 ms for 1 s and more"
            " above the tonic level (P25) by 5 MAD, above twice that level and above 5 floors; less than 2 s apart they"
            " are one. No low and high.", _SPASM, events.spasm_rate_h, given_in=REST, need="events"),
    Measure("spasm_auc_uvs_min", "uV s/min", "up", "Area of the same RMS above the tonic level, from the start of each"
            " spasm to where it falls below the tonic level plus 20 % of its height, a usable minute. No low"
            " and high.", _SPASM, events.spasm_auc_uvs_min, given_in=REST, need="continuity"),
    Measure("relax_resid_uv", "uV", "up", "What is left after a cue to relax: median floor-corrected RMS of the seconds"
            " from 5 to 10 s after it.", _OWN, muscle.relax_resid_uv, given_in=RELAX, limited=True),
    Measure("stim_lat_ms", "ms", "none", "Latency of the response to a stimulus: median over the trials that respond,"
            " where half of them do. A response is a 10 ms mean of the rectified signal 20-200 ms after the stimulus"
            " above mean + 3 SD of the 200 ms before it and above every 10 ms before it; it begins at the likeliest"
            " change of variance.", "mean + 3 SD: definitions; guard and change point: own",
            evoked.stim_lat_ms, given_in=STIMULUS, need="nothing", needs_floor=False),
    Measure("stim_auc_uvs", "uV s", "up", "Rectified signal minus its mean before the stimulus, both without the"
            " noise, from 40 ms to 5 s after it (to the closest next stimulus where that comes sooner): median over"
            " trials.", _OWN, evoked.stim_auc_uvs, given_in=STIMULUS, need="nothing"),
    Measure("stim_habituation", "1", "up", "Slope of the natural logarithm of that area on the number of the trial:"
            " below 0 responses wear off, 0 they do not.", _OWN, evoked.stim_habituation, given_in=STIMULUS,
            need="nothing"),
)  # fmt: skip
"""Measures of one muscle, in the order of the tables."""

PAIR_MEASURES: tuple[Measure, ...] = (
    Measure("cc_overlap_uv", "uV", "up", "Mean over time of the lower of both floor-corrected 100 ms envelopes, which"
            " are 0 in silent windows.", _OWN, pair.cc_overlap_uv, limited=True),
    Measure("cc_overlap_xt_uv", "uV", "up", "Exploratory: cc_overlap_uv with the share of power that both signals have"
            " in common (squared correlation within +-2 ms of each second) taken off the weaker muscle. A copy that"
            " arrives filtered is taken off in part only.", _OWN, pair.cc_overlap_xt_uv, given_in=REST, limited=True),
    Measure("cc_fw_pct", "%", "up", "Twice the common area over the total area, on envelopes divided by an external"
            " reference of each muscle, which must be above its limit.", _COMMON_AREA, pair.cc_fw_pct,
            given_in=REST),
    Measure("cc_rudolph_uv", "uV", "up", "Mean of (low/high)(low + high) of both envelopes.",
            _RUDOLPH, pair.cc_rudolph_uv, given_in=REST, limited=True),
    Measure("coact_frac", "1", "up", "Share of time in which both muscles are active.", _OWN, pair.coact_frac),
    Measure("coact_excess", "1", "none", "coact_frac minus the product of both active shares; 0 when both are always"
            " on.", _OWN, pair.coact_excess),
    Measure("xt_r0", "1", "none", "Largest |correlation| of the conditioned signals within +-2 ms, median over the"
            " seconds in which one muscle is on and the louder, or in which both are on too; the larger of these, and"
            " of both directions. 0.3 and more flags possible crosstalk, less shows none. No low and high.",
            _XT, pair.xt_r0, need="nothing", needs_floor=False),
    Measure("imc_low_z", "1", "none", "Exploratory: coherence of the RMS of both in 2-15 Hz over stretches of 1 s, as a"
            " standard normal number: 0 expected of independent muscles, above 2 common drive, or crosstalk. Its own"
            " error is 1 by definition: no low and high.",
            "Halliday et al. 1995, doi:10.1016/0079-6107(96)00009-0; Wilson & Hilferty 1931,"
            " doi:10.1073/pnas.17.12.684; RMS of 12.5 ms and pooling: own", pair.imc_low_z,
            given_in=REST),
)  # fmt: skip
"""Measures of one pair."""

BODY_MEASURES: tuple[Measure, ...] = (
    Measure("spasm_generalised_n", "1", "up", "Spasms that start in two and more muscles within 1 s. Muscles that may"
            " be one signal (crosstalk, one channel twice) count once. No low and high.", _OWN,
            events.spasm_generalised_n, given_in=REST, need="continuity"),
)  # fmt: skip
"""Measures of all muscles of a recording together; their target is `subject`."""
