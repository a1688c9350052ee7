"""Every code that emgpipe prints or writes: errors, findings, and reasons in rows.

`docs/codes.md` is written from this table; a test refuses a code that is not here.
"""

from emgpipe.errors.code import Code
from emgpipe.errors.codes_tuning import TUNING_CODES

_E, _F, _R = "error", "finding", "reason"

CODES: dict[str, Code] = {
    # calls and settings
    "CHANNEL_UNKNOWN": Code(_E, "A channel was asked for that the recording does not have."),
    "CHANNEL_AMBIGUOUS": Code(_E, "A channel was asked for by a name that several signals carry."),
    "INTERVALS_INVALID": Code(_E, "Pairs of start and stop are unsorted, overlapping, reversed, empty or not numbers."),
    "SAMPLES_NOT_FINITE": Code(_E, "Samples in memory are NaN, infinite or beyond float32; nothing is interpolated."),
    # recordings refused
    "FILE_UNREADABLE": Code(_E, "There is no such file, it may not be read, or it is a folder, a pipe or a device."),
    "FILE_EMPTY": Code(_E, "The file has no bytes."),
    "FILE_TRUNCATED": Code(
        _E, "The file ends before the records that its header states; a last incomplete one is left out."
    ),
    "FILE_CHANGED": Code(_E, "The file changed while it was in use."),
    "NOT_EDF": Code(_E, "The first bytes are not those of an EDF or BDF file."),
    "HEADER_SHORT": Code(_E, "The file ends within its header."),
    "HEADER_NUMBER": Code(_E, "A header field that must be a number is none (or has a decimal comma)."),
    "HEADER_SIZE": Code(_E, "The stated length of the header is not that of its signals."),
    "SIGNAL_COUNT": Code(_E, "The header states no signals."),
    "SAMPLES_PER_RECORD": Code(_E, "A signal has no samples in a record."),
    "RECORD_COUNT": Code(
        _E, "The stated number of records is not that of the file; used where whole records leave no doubt."
    ),
    "RECORD_DURATION": Code(_E, "The duration of a record is zero, negative or too short to be meant."),
    "RECORD_TOO_LARGE": Code(_E, "One record is larger than any amplifier writes."),
    "ANNOTATIONS_LOST": Code(_E, "An EDF+ file has no annotation signal and with it no clock."),
    "ANNOTATIONS_DAMAGED": Code(_E, "Annotations or record onsets do not follow the grammar of EDF+."),
    "ANNOTATIONS_TOO_MANY": Code(_E, "A file has more annotations than any recording: it is damaged or made to harm."),
    "RECORD_TIMES_TOO_LARGE": Code(_E, "Record times are so large that a float cannot tell their samples apart."),
    "FIRST_ONSET": Code(
        _E, "The first record begins before the start of the header, or (a warning) a second or more after."
    ),
    "DISCONTINUOUS": Code(_F, "Records leave gaps; each stretch is a run of its own, nothing is joined or filled."),
    "RECORDS_OVERLAP": Code(_E, "A record begins before the stated end of the one before it."),
    "GAP_TOO_LONG": Code(_E, "Gaps between records add up to more than a day; frames hold them, cut the file."),
    # signals refused
    "UNIT_UNKNOWN": Code(_E, "The unit of a signal is blank or no known voltage; nothing is measured."),
    "UNIT_CONFLICT": Code(_E, "The file states one unit and [units] another."),
    "UNIT_OVERRIDDEN": Code(_F, "The unit in the file is a text without meaning; that of [units] is used."),
    "SCALE_COARSE": Code(
        _F, "Limits lie so far from 0 that single precision rounds values to more than a digital step."
    ),
    "NOT_A_VOLTAGE": Code(_E, "A signal is no voltage; its samples are not given in microvolts."),
    "DIGITAL_RANGE": Code(_E, "Digital minimum and maximum of a signal are equal, reversed or beyond the format."),
    "SCALE_DEGENERATE": Code(_E, "Physical minimum and maximum of a signal are equal or beyond any amplifier."),
    # recordings used, with a word
    "TEXT_ENCODING": Code(_F, "Texts are not in the encoding of the format; which one was used is said."),
    "START_UNKNOWN": Code(_F, "Start date or time is not valid; times count from the first sample only."),
    "TEXT_CONTROL": Code(_F, "A text of the header holds control characters or direction marks; they are written out."),
    "HEADER_RESERVED": Code(_F, "The reserved field names a variant of EDF+ that does not exist."),
    "ANNOTATION_SCALE": Code(
        _F, "The limits of an annotation signal are off; it holds text, nothing is scaled by them."
    ),
    "SCALE_INVERTED": Code(_F, "Physical minimum and maximum of a signal are reversed: used with the sign it means."),
    "PLUS_FLAG_LOST": Code(_F, "A signal holds annotations though the header does not say EDF+."),
    "RECORD_TIMES_COARSE": Code(_F, "Record times are rounded so far that a gap above half a sample may not be seen."),
    "CLOCK_DRIFT": Code(_F, "Record times drift slowly from the samples; nothing is lost, time follows the samples."),
    "LABEL_DUPLICATE": Code(
        _F, "Several signals carry one label; give each its own and export again, in Python name them by position."
    ),
    "MUSCLE_DUPLICATE": Code(_F, "Several signals name one muscle."),
    "MUSCLE_UNKNOWN": Code(_F, "A label or a name in [channels] is no single muscle of the catalogue."),
    # MNE
    "RATES_DIFFER": Code(_E, "Signals of unequal rates cannot be put into one MNE object."),
    "MNE_NOT_FOR_EDF": Code(_E, "An EDF or BDF file was to be opened by MNE, which loses units, rates and gaps."),
    "MNE_UNREADABLE": Code(_E, "MNE cannot read a file or its samples."),
    "READ_BY_MNE": Code(_F, "MNE opened the file; units that it does not know, digital step and rails are lost."),
    "MNE_WARNING": Code(_F, "MNE gave a warning of its own."),
    # settings files
    "SETTING_UNKNOWN": Code(_E, "A table or key of a settings file does not exist; the nearest known name is given."),
    "SETTING_INVALID": Code(_E, "A setting has a value of the wrong type or outside its range."),
    "TEXT_UNREADABLE": Code(_E, "A settings or study file is missing, unreadable, too large or not UTF-8."),
    "TOML_INVALID": Code(_E, "A file is not valid TOML."),
    # a study
    "SETTING_MISSING": Code(_E, "A required key of study.toml is not given."),
    "ARM_COLUMN": Code(
        _E, "A column of recordings.csv or of clinical scales may give an arm, a treatment or a sequence away."
    ),
    "ARM_CELL": Code(_E, "A cell of recordings.csv may give an arm, a treatment or a sequence away; it is not shown."),
    "COLUMN_UNKNOWN": Code(_E, "A column of recordings.csv does not exist or stands twice."),
    "COLUMN_MISSING": Code(_E, "A required column of recordings.csv is not there."),
    "CELL_INVALID": Code(_E, "A cell of recordings.csv says what its column cannot mean."),
    "MANIFEST_INVALID": Code(_E, "recordings.csv is no CSV, or a row is not as wide as the header."),
    "REFERENCE_UNKNOWN": Code(_E, "A reference names a visit that recordings.csv does not have."),
    "FILE_OUTSIDE": Code(_E, "A file of a study lies outside its folder, or its path cannot be followed."),
    "RECORDING_TWICE": Code(_E, "Two rows name the same subject, visit, task and run."),
    "FILE_TWICE": Code(_E, "Two rows name the same file."),
    "BYTES_TWICE": Code(_E, "The files of two rows hold the same bytes; one of the two rows is wrong."),
    "NO_RECORDINGS": Code(_E, "No recording was listed or found."),
    "STUDY_EXISTS": Code(_E, "`init` or the simulator would overwrite a study."),
    # the store
    "STORE_LOCKED": Code(_E, "A run or a check is at work in the results folder."),
    "STORE_UNWRITABLE": Code(_E, "A file cannot be written: disk full, no permission, not a folder."),
    "FRAMES_MISSING": Code(_E, "No frames are stored for a recording."),
    "FRAMES_DAMAGED": Code(_E, "Stored frames are not as they were written; they are computed anew."),
    "STORE_LINKED": Code(
        _E, "A link, a pipe or a device stands where results are kept; nothing is written through it."
    ),
    "OUT_TAKEN": Code(
        _E, "The results folder is that of the study, or holds files of these names that no run has made."
    ),
    # verdicts: the floor
    "NOISY_ELECTRODE": Code(_R, "Noise above the cap without signs of muscle: a floor cannot be told."),
    "FLOOR_CAPPED": Code(_R, "Every in-signal bound is above the cap: the floor is the cap, values are lower bounds."),
    "FLOOR_LOW_CONFIDENCE": Code(_R, "The floor rests on in-signal bounds that activity may have raised."),
    "FLOOR_MEDIUM_CONFIDENCE": Code(_R, "The floor rests on one witness less than a sure one; its bracket is wider."),
    "FLOOR_CHANGES": Code(_R, "Still seconds are of several levels: the noise changes, or a lead came off."),
    "FLOOR_IMPLAUSIBLE": Code(
        _R, "The floor is below any electrode or the digital step: a dead lead, or no microvolts."
    ),
    "DEVICE_DISAGREES": Code(_R, "The stated device floor is 25 % off what the recording shows; it was used."),
    "CALIBRATION_NOT_QUIET": Code(_R, "An annotated calibration segment is not quiet; it was not used."),
    "LOW_PASS": Code(_F, "A hardware low-pass has taken the noise above the band; it gives no floor."),
    "NO_USABLE_SIGNAL": Code(_R, "No usable second: dead, constant, clipped or missing signal."),
    # verdicts: time
    "TOO_SHORT": Code(_R, "Less usable time than the measure needs."),
    "SHORT": Code(
        _R, "Usable time is below a minute, or the stretch after a cue to relax is cut: the value is given, flagged."
    ),
    "TOO_MUCH_EXCLUDED": Code(_R, "Less than half of the segment is usable."),
    "GAP": Code(_R, "The recording has a gap."),
    "CLIPPED": Code(_R, "Samples stand at a rail of the amplifier."),
    "FLAT": Code(_R, "Samples stand at one value: dropped, disconnected or dead."),
    "QRS": Code(_R, "Time at heart beats is left out."),
    "EDGE": Code(_R, "End of a run where a mains line was removed."),
    "MAINS_JUMP": Code(_R, "A mains line jumped in phase or amplitude."),
    "BAD": Code(_R, "Marked by people (BAD_*)."),
    "MOVEMENT": Code(
        _R, "Cable or electrode moved: slow waves far above the signal and above what this lead usually has."
    ),
    "STEP": Code(_R, "The electrode jumped: the signal steps, and slow waves follow."),
    "ELECTRODE_OFF": Code(_R, "An electrode lost contact: mains hum surges and outgrows the signal."),
    # verdicts: precision
    "SEGMENT_SHORT": Code(
        _R,
        "Fewer than 12 blocks of 3 autocorrelation times, or too few seconds for a quantile: no low and high; the value"
        " is no worse, nothing is flagged.",
    ),
    # verdicts: activity, pairs, rows
    "RATE_TOO_LOW": Code(_R, "The sampling rate is too low for the analysis band; nothing is measured."),
    "ECG_NOT_REMOVED": Code(_R, "Something that may be a heart was not removed, and may raise the value."),
    "ECG_HIDDEN": Code(_R, "EMG hides heart beats for more than a tenth of the time; nothing was removed there."),
    "ECG_UNCONFIRMED": Code(_R, "Beats were told by one trunk lead alone: jerks at the pace of a heart look the same."),
    "ECG_RESIDUAL": Code(_R, "Hops of removed heart beats are louder than others, or far quieter: part may be left."),
    "TILT_UNDEFINED": Code(_R, "350-425 Hz is not recorded at this sampling rate."),
    "LOWER_BOUND": Code(
        _R, "Time is undeterminable (more than a tenth), clipped or hidden; the value is a lower bound."
    ),
    "PARTLY_UNDETERMINABLE": Code(
        _R, "More than a tenth of the time is undeterminable; it is left out, or told by one bracket end."
    ),
    "MOSTLY_UNDETERMINABLE": Code(_R, "More than half of the time is undeterminable; no value."),
    "REST_NOT_DECLARED": Code(_R, "No annotation, task or option declares rest; rest measures are not given."),
    "MUSCLE_MISSING": Code(_R, "A muscle that was asked for is not in the recording."),
    "CHANNEL_EXCLUDED": Code(_R, "The channel is excluded by recordings.csv or by the caller."),
    "IDENTICAL_CHANNELS": Code(_R, "Two channels are one signal: muscles are flagged, their pair gives no number."),
    "UNEQUAL_RATES": Code(_R, "The channels of a pair have unequal sampling rates."),
    "CROSSTALK_POSSIBLE": Code(_R, "Both muscles share signal without delay; the weaker one may be crosstalk."),
    # references
    "NO_REFERENCE": Code(_R, "No reference contraction of the muscle is at hand."),
    "REFERENCE_BELOW_LIMIT": Code(_R, "A reference contraction of the muscle is below its limit; it does not count."),
    "REFERENCE_UNDETERMINABLE": Code(_R, "There is a reference contraction, but its level cannot be told."),
    "REFERENCE_LOWER_BOUND": Code(
        _R, "The reference is a lower bound (clipped, or told in part): what is divided by it may read too high."
    ),
    "REFERENCE_BELOW_REST": Code(
        _R, "The reference is below the level of the segment that is measured: no contraction?"
    ),
    "REFERENCES_POOLED": Code(_R, "Several reference contractions: the level is their median."),
    "BOTH_NEAR_FLOOR": Code(_R, "Both envelopes together are below two floors: a ratio would be noise."),
    "NAME_UNKNOWN": Code(
        _F, "A muscle or channel that was named is not in the recording; the nearest known one is given."
    ),
    "PRIME_MOVER_NOT_LOUDEST": Code(_F, "The loudest muscle is none of the stated prime movers: labels swapped?"),
    "BAD_WITHOUT_DURATION": Code(_F, "A BAD_ mark has no duration; it excludes nothing."),
    "MAINS_INVALID": Code(_E, "The mains frequency is neither 50 nor 60 Hz; it is never guessed."),
    # plausibility
    "AMPLITUDE_IMPLAUSIBLE": Code(_R, "Levels that no muscle makes: unit or scale of the file are wrong."),
    "OUT_OF_RANGE": Code(_R, "Samples lie beyond the digital range that the file states: the scale is in doubt."),
    "QUANTISATION_COARSE": Code(_R, "The digital step is larger than the noise floor."),
    "MAINS_DOMINATES": Code(_R, "Removed mains lines were nearly all of the signal; what is left of them may count."),
    "BAND_LIMITED": Code(_R, "A filter of the hardware, stated or seen, cuts into the analysis band; levels read low."),
    "BAND_NARROWED": Code(_F, "The sampling rate sets the upper edge of the band; compare within one band only."),
    "NOTCH_STATED": Code(_F, "The prefilter text states a notch."),
    # marks
    "SEGMENTS_OVERLAP": Code(_F, "A rest overlaps another rest (they are one), a segment or a calibration (cut out)."),
    "SEGMENT_OUT_OF_RANGE": Code(_F, "A segment begins after the end of the recording, or loses over 1 s to its ends."),
    "ANNOTATION_UNKNOWN": Code(_F, "A mark without meaning begins like a known one, or stands in an open-ended rest."),
    # spasms
    "POSSIBLE_SPASMS": Code(
        _R, "Loud time was excluded as artefact and may hide spasms: the value is the least there is."
    ),
    "SPASMS_UNSURE": Code(_R, "At an end of the floor's bracket the number of spasms is another."),
    "MUSCLES_TOO_FEW": Code(_R, "Less than two muscles can be measured; what is generalised cannot be told."),
    "GENERALISED": Code(_R, "The spasm is part of a generalised one: another muscle starts within a second."),
    # stimuli
    "STIMULUS_IN_REST": Code(_F, "Stimuli stand in a declared rest: its measures hold responses to them."),
    "EVOKED_TRIALS": Code(_F, "How many stimuli a muscle has, how many are used, and how many it responds to."),
    "STIMULI_CLOSE": Code(_R, "Stimuli are less than 0.5 s after or 0.2 s before another one; they are left out."),
    "STIMULUS_ARTEFACT": Code(
        _R, "The signal is loud already where responses are looked for: the stimulus outlasts the blanked time."
    ),
    "TRIALS_FEW": Code(_R, "Fewer stimuli are usable than evoked measures need."),
    "NO_RESPONSE": Code(_R, "Fewer than half of the stimuli are followed by a response."),
    "AREA_CUT": Code(_R, "Stimuli follow each other within 5 s: areas end sooner, compare only with the same pace."),
    "HABITUATION_CENSORED": Code(_R, "Areas of 0 and below have no logarithm: the slope of the rest is nearer 0."),
    # visits and subjects
    "REFERENCE_IS_REST": Code(_E, "A reference names rest or the whole recording, which would remove the effect."),
    "INDEX_NOT_DECLARED": Code(_R, "The study names no muscles for the rigidity index."),
    "INDEX_INCOMPLETE": Code(_R, "Less than 75 % of the index muscles are determinable at all visits compared."),
    "INDEX_PARTIAL": Code(_R, "Some index muscles are not determinable at all visits compared; they do not count."),
    "BELOW_LIMIT": Code(_R, "A muscle that counts in a subject-level value is below its limit; its estimate is in it."),
    "NO_REGION": Code(_R, "No muscle of a body region has both measures."),
    "CONTRAST_INCOMPLETE": Code(_R, "One side of a contrast has no value."),
    "CONDITIONS_DIFFER": Code(_F, "Conditions of visits that are compared differ."),
    # runs
    "NO_MATCH": Code(_E, "No recording of the study matches the subjects and visits that were asked for."),
    "RESULTS_UNREADABLE": Code(_E, "A folder holds no results, or a table of it is not as the last run wrote it."),
    "SETTINGS_MIXED": Code(
        _F, "Results kept of recordings that were not asked for are of other settings, versions or files than now."
    ),
    "NOT_SELECTED": Code(_R, "The recording was not selected in this run and has no earlier result."),
    "NOT_REACHED": Code(
        _R, "The run was stopped at the first failure (`--fail-fast`) before it came to the recording."
    ),
    "UNIT_LOST": Code(_E, "The result of a recording was there and is gone, damaged or another one."),
    "FILE_MISSING": Code(_E, "The file of a recording does not exist."),
    "WORKER_LOST": Code(_E, "The worker process died twice on this recording; the next run tries again."),
    "INTERNAL_ERROR": Code(_E, "A fault of emgpipe itself; the message names the place. Please report it."),
    # results on disk
    "RESULT_MISSING": Code(_E, "A file that a run has written is gone."),
    "RESULT_CHANGED": Code(_E, "A file of the results is not as it was written."),
    "UNIT_NEWER": Code(_E, "A unit is whole but not the one that the tables were made from."),
    "UNIT_UNUSED": Code(
        _F,
        "A file below `units` that no table holds: of a run that was stopped, of no recording, of an earlier version.",
    ),
    "UNIT_FOUND": Code(_F, "A unit of the tables that no run has logged as written; a run has found it."),
    "PAGES_STALE": Code(_F, "Pages were drawn from other results than those that lie there."),
    "LOG_CHANGED": Code(_E, "The log was changed, cut or replaced: its chain or its seal does not hold."),
    "LOG_BROKEN": Code(_E, "A run has found the log cut, replaced or without its seal, and went on behind that."),
    "LOG_UNSEALED": Code(_E, "Lines stand behind the end of the log as it was sealed."),
    "CACHE_DAMAGED": Code(_E, "A file of the cache is not as it was written; a run would compute it anew."),
    "CACHE_UNUSED": Code(_F, "Files of the cache belong to no unit any more and may be deleted."),
    "LEFTOVER": Code(_F, "A killed run left a file half written; nobody reads it."),
    "INPUT_CHANGED": Code(_E, "A recording has other bytes than the ones that were measured."),
    "INPUT_MISSING": Code(_F, "A recording that was measured is not where the study lies, or cannot be read."),
    "VALUE_DIFFERS": Code(_E, "A value computed anew from the recording is not the one in the table."),
    "VERSIONS_DIFFER": Code(_F, "Values are computed anew with other versions than the table was made with."),
    "RECOMPUTE_FEWER": Code(_F, "Fewer rows could be computed anew than were asked for."),
    "MAINS_OTHER": Code(_R, "Lines of the other mains frequency are left in; the stated frequency may be wrong."),
    "FRAMES_FOREIGN": Code(_E, "The frames are not those of the recording."),
    "ARGUMENT_INVALID": Code(_E, "An argument of a call has a value that cannot be meant."),
    "PAIR_INVALID": Code(_E, "A pair is not written AGONIST/ANTAGONIST."),
    # engines
    "TIMEOUT": Code(_E, "A recording took longer than the limit of time, twice; the next run tries again."),
    "OPEN_FILES": Code(_E, "This process may not open more files; nothing was removed, the next run tries again."),
    "WORKERS_FAIL": Code(_E, "Worker processes cannot be started, or end before they take up work."),
    "SHARD_INVALID": Code(_E, "A share of a study is not written I/N, or I is not one of 1 to N."),
    "EXTRA_ABSENT": Code(_E, "An option needs a package that is not installed; the message says which."),
    "SCHEDULER_UNREACHABLE": Code(_E, "No Dask scheduler answers at the address that was given."),
    "SCHEDULER_LOST": Code(_E, "The Dask scheduler went away during a run; what was finished is kept."),
    "CLUSTER_EMPTY": Code(_E, "A cluster has no worker."),
    "CLUSTER_DIFFERS": Code(_E, "A worker of a cluster has other versions, and would give other numbers."),
    "CLUSTER_BLIND": Code(_E, "A worker of a cluster and this machine do not see the same results folder and files."),
    "CLUSTER_FAILS": Code(_E, "A worker of a cluster answers with an error that is not ours."),
    # simulation
    "SCENARIO_UNKNOWN": Code(_E, "A scenario was asked for that the simulator does not have."),
    "SIMULATION_INVALID": Code(_E, "A number given to the simulator cannot be meant."),
    "SIMULATION_UNWRITABLE": Code(_E, "Simulated data do not fit into an EDF+ file, or cannot be written."),
    "WRITER_ABSENT": Code(_E, "The package that writes EDF+ is not installed (no wheel for this Python)."),
    # statistics
    "SEQUENCES_INVALID": Code(_E, "The sequences are not two orders of the same two treatments, such as AB and BA."),
    "SEQUENCE_EMPTY": Code(_E, "A sequence has no subject with all values and baselines."),
    "SUBJECTS_TOO_FEW": Code(_E, "Too few subjects have all values that the analysis needs."),
    "SUBJECTS_TOO_MANY": Code(_E, "More subjects than ranks and re-randomisation are made for (2000)."),
    "VISITS_TOO_FEW": Code(_E, "Reliability was asked for of fewer than two visits."),
    "VALUE_NOT_POSITIVE": Code(_E, "A logarithm was asked for of a value that is not above 0, offset included."),
    "MODEL_FAILS": Code(_E, "A mixed model finds no estimate: too few values, or no maximum."),
    "BASELINES_CONSTANT": Code(
        _E, "The difference of period baselines does not vary within the sequences; it cannot be adjusted for."
    ),
    "RESIDUALS_ZERO": Code(
        _E, "Values follow from sequence and baseline without error; there is no error to judge by."
    ),
    "VALUE_OUT_OF_RANGE": Code(_E, "A value given to statistics is infinite or beyond 1e100."),
    # the plan of a trial
    "PLAN_INVALID": Code(_E, "A table, key or value of analysis.toml cannot be meant, or is missing."),
    # visits of a trial: why a row is not analysed
    "PLAN_ABSENT": Code(_R, "There is no plan of the analysis: no visit has a period, nothing is analysed."),
    "VISIT_UNPLANNED": Code(_R, "The visit is none of the plan; it is kept and not analysed."),
    "VISIT_OUT_OF_WINDOW": Code(_R, "The visit is one of the plan by its name, but its day is outside the window."),
    "VISIT_TWICE": Code(_R, "Another visit stands for the same visit of the plan, nearer to the middle of its window."),
    "VISIT_OTHER": Code(_R, "The plan names the visit, and analyses it neither as baseline nor as treatment."),
    "VISIT_MISSING": Code(_R, "The plan has a visit that the subject has not."),
    "SUBJECT_EXCLUDED": Code(_R, "The plan leaves the subject out of the population."),
    "INTERCURRENT": Code(_R, "The plan leaves the visit, its period or its subject out for an intercurrent event."),
    "BELOW_LIMIT_OUT": Code(_R, "The value is below its limit, and the plan counts such values as missing."),
    "VALUE_MISSING": Code(_R, "The visit is there and has no value of this measure; its status says why."),
    "PARAMETER_ABSENT": Code(_R, "The subject has the measure at other visits, and no row of it at this one."),
    # outcome tables
    "OUTCOMES_EMPTY": Code(_E, "No row of the results has a measure: there is no outcome table."),
    "PARAMETER_UNKNOWN": Code(_E, "A measure of the results has no parameter code in this version."),
    "PARAMCD_TWICE": Code(_E, "Two parameters of a table have one code."),
    "OUTCOMES_FORMAT": Code(_E, "The name of an outcome table does not end with .csv, .parquet or .xpt."),
    "OUTCOMES_PLACE": Code(
        _E, "An outcome table would lie in the results folder, or in the place of something that is none."
    ),
    "SCALE_UNKNOWN": Code(_E, "A row of clinical scales is of a subject or visit that the outcome table has not."),
    "XPT_NAME": Code(_E, "A column has no name or label that XPT can hold: 8 and 40 letters, ASCII, no name twice."),
    "XPT_TEXT": Code(_E, "A text has more than 200 letters, or one that is not ASCII: XPT cannot hold it."),
    "XPT_NUMBER": Code(_E, "A number is infinite, beyond 1e74 or nearer to 0 than 1e-78: XPT cannot hold it."),
    # tables of values that are given
    "TABLE_UNREADABLE": Code(_E, "A table is missing, no plain file, too large, not UTF-8 or not CSV."),
    "TABLE_EMPTY": Code(_E, "A table has no header, or a header and no rows."),
    "TABLE_COLUMN": Code(_E, "A column of a table is not there, stands twice, or was named for two things."),
    "TABLE_CELL": Code(_E, "A cell of a table says what its column cannot mean."),
    "TABLE_TWICE": Code(_E, "Two rows of a table are of the same subject and period, or subject and visit."),
    "TABLE_SEQUENCE": Code(_E, "Rows of a table contradict each other: two sequences of a subject, three of a trial."),
    # what an analysis leaves out
    "PERIOD_MISSING": Code(_R, "A subject has no value or no baseline in a period; paired analyses leave it out."),
    "ARM_MISSING": Code(_R, "A subject has results and no line in the table of arms; no estimate counts it."),
    "RESULTS_MISSING": Code(_R, "A subject has a line in the table of arms and no results."),
    "CONFIDENCE_UNKNOWN": Code(
        _R, "A measure of the whole body has no noise floor whose confidence could choose rows."
    ),
    "LIMIT_TAKEN": Code(_R, "The value is below its limit; the limit or half of it counts, as the plan says."),
    "LOG_UNDEFINED": Code(_R, "A value is 0 or less with its offset, and the endpoint is a logarithm."),
    "TARGET_LEFT_OUT": Code(_R, "A target of an endpoint has no value at a visit of a subject, and counts at none."),
    "TARGETS_FEW": Code(_R, "Less than three quarters of the targets of an endpoint count for a subject."),
    # the lock of an analysis, and unblinding
    "LOCK_MISSING": Code(_E, "The results are not locked: nobody may unblind an analysis that can still be chosen."),
    "LOCK_DIFFERS": Code(_E, "Plan, settings or tables are not those that were locked; the message names them."),
    "LOCK_CHANGED": Code(_E, "lock.json is not as it was written, is gone, or the log does not tell of it."),
    "LOCK_REFUSED": Code(_E, "Results that are not as they were written cannot be locked or unblinded."),
    "PLAN_UNFIT": Code(_E, "The plan names a measure, target, visit or subject that the results do not have."),
    "RECORDING_NEEDED": Code(
        _E, "Other settings need the recording itself, and it is gone, another one, or cannot be measured."
    ),
    "ENDPOINT_EMPTY": Code(_F, "An endpoint of the plan has no value in the results, in no visit of any subject."),
    "RESULTS_LOCKED": Code(_F, "A run changes, or may change, results that are locked for an analysis."),
    **TUNING_CODES,
    # the command line
    "USAGE": Code(_E, "A command, an option or an argument that does not exist or is missing."),
    "OUTPUT_UNWRITABLE": Code(_E, "Results cannot be printed: stdout is on a full disk or cannot be written."),
    "INTERRUPTED": Code(_E, "A person stopped the run."),
    "NO_CHANNELS": Code(_E, "A recording has no EMG signal."),
    "SEGMENT_UNKNOWN": Code(_E, "A segment was asked for that the recording does not have."),
    # figures
    "PLOT_UNKNOWN": Code(
        _E, "A figure was asked for of something that the results do not have; it names what they do."
    ),
}
