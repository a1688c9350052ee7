"""Columns of outcome tables: one list for tables, labels of XPT, the dictionary in Parquet and the documentation."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from emgpipe.outcomes.parameters import Parameter, codes_of

Kind = Literal["text", "number", "integer", "date"]


class OutcomeColumn(NamedTuple):
    """A column of an outcome table.

    Attributes
    ----------
    name : str
        At most eight capitals and digits, but the `{target}.{measure}` of wide tables.
    label : str
        Of XPT: at most 40 ASCII letters.
    kind : str
        `text` (blank where there is none), `number`, `integer` or `date` (missing where there is none).
    meaning : str
        For the documentation.
    short : str
        Name in XPT where `name` is too long for it.
    """

    name: str
    label: str
    kind: Kind
    meaning: str
    short: str = ""


_SUBJECT = (
    OutcomeColumn("STUDYID", "Study Identifier", "text", "Study id."),
    OutcomeColumn("USUBJID", "Unique Subject Identifier", "text", "`{STUDYID}-{SUBJID}`."),
    OutcomeColumn("SUBJID", "Subject Identifier for the Study", "text", "Subject id."),
)
_VISIT = (
    OutcomeColumn("VISIT", "Visit Name", "text", "Visit as in `recordings.csv`; blank on rows of no visit: a visit that"
                  " was planned and is not there, a mean."),
    OutcomeColumn("AVISIT", "Analysis Visit", "text", "Visit of the plan; blank where the visit is none of it. Without"
                  " a plan the visit itself."),
    OutcomeColumn("AVISITN", "Analysis Visit (N)", "integer", "Its number in the plan, from 1; 901 and 902 on means of"
                  " baseline visits, 951 and 952 on means of treatment visits of period 1 and 2."),
    OutcomeColumn("ADT", "Analysis Date", "date", "Date of the visit, where recorded. CSV: ISO 8601; XPT: a SAS date."),
    OutcomeColumn("ADY", "Analysis Relative Day", "number", "Day from the first visit, which is day 1; there is no day"
                  " 0. `day` of `recordings.csv`, where the first visit is 0, or from the dates."),
    OutcomeColumn("APERIOD", "Period", "integer", "1 or 2; missing where the visit is of no period."),
    OutcomeColumn("APERIODC", "Period (C)", "text", "`Period 1`, `Period 2`."),
)  # fmt: skip
_WHERE = (
    OutcomeColumn("TASK", "Task", "text", "Task."),
    OutcomeColumn("SEGMENT", "Segment of the Recording", "text", "Annotated stretch: rest, reference, ...; whole."),
)
_FLAG = OutcomeColumn("ANL01FL", "Analysis Flag 01", "text", "`Y`: the row enters the analysis of the plan.")
_WHY = OutcomeColumn("NOTANL", "Why Not Analysed", "text", "Code why not; blank with ANL01FL or ANL02FL = `Y`.")

BDS_COLUMNS = (
    *_SUBJECT,
    OutcomeColumn("PARAMCD", "Parameter Code", "text", "Three letters of the measure and five of a hash of measure,"
                  " target, segment and task: the same in every table and study."),
    OutcomeColumn("PARAM", "Parameter", "text", "Measure, target, segment, task and (unit)."),
    OutcomeColumn("PARAMN", "Parameter (N)", "integer", "Place of the parameter in this table, for sorting alone."),
    OutcomeColumn("PARCAT1", "Parameter Category 1", "text", "LEVEL, CMUA, CO-CONTRACTION, SPASM, EVOKED, INDEX, QC."),
    *_VISIT,
    OutcomeColumn("AVAL", "Analysis Value", "number", "Value after the rules of the plan, repeats by their median;"
                  " missing where there is none, never 0 in its place."),
    OutcomeColumn("AVALC", "Analysis Value (C)", "text", "Where AVAL alone would mislead: `<limit` for a value below"
                  " its limit (several estimates may share it), STATUS in capitals where there is no value. Blank"
                  " else."),
    OutcomeColumn("AVALU", "Unit of Analysis Value", "text", "Unit of AVAL, BASE and CHG; 1 for none."),
    OutcomeColumn("BASE", "Baseline Value", "number", "Mean of the analysed baseline visits of the period; of the"
                  " other period never."),
    OutcomeColumn("BASETYPE", "Baseline Type", "text", "`PERIOD 1 BASELINE` or `PERIOD 2 BASELINE`."),
    OutcomeColumn("ABLFL", "Baseline Record Flag", "text", "`Y` on the one row of subject, parameter and period whose"
                  " AVAL is BASE: the baseline visit, or the mean of several."),
    OutcomeColumn("CHG", "Change from Baseline", "number", "AVAL minus BASE; missing where either is."),
    OutcomeColumn("PCHG", "Percent Change from Baseline", "number", "100 CHG / BASE; missing where BASE is 0 or less,"
                  " and for fractions, counts, logarithms and what is in per cent already."),
    OutcomeColumn("DTYPE", "Derivation Type", "text", "`AVERAGE`: a mean over visits; `LIMIT`, `HALF LIMIT`: what the"
                  " plan puts in the place of a value below its limit."),
    _FLAG,
    OutcomeColumn("ANL02FL", "Analysis Flag 02", "text", "`Y`: the mean of the analysed treatment visits of a period,"
                  " one a subject, parameter and period."),
    _WHY,
    OutcomeColumn("TARGET", "Target", "text", "Muscle TA_R, pair TA_R/GM_R, or subject."),
    OutcomeColumn("MUSCLE", "Muscle", "text", "Muscle written out; of a pair both, agonist first."),
    OutcomeColumn("LAT", "Laterality", "text", "LEFT or RIGHT; blank where unknown, or not of one side."),
    OutcomeColumn("MEASURE", "Measure", "text", "Name of the measure, see [measures](measures.md)."),
    *_WHERE,
    OutcomeColumn("STATUS", "Status of the Value", "text", "As in `measures.csv`, of all repeats; on means `flagged`"
                  " where a visit behind it is not `ok`."),
    OutcomeColumn("REASON", "Reasons, Joined by ;", "text", "Codes of all repeats."),
    OutcomeColumn("LIMIT", "Smallest Value Told from 0", "number", "Largest limit of the repeats."),
    OutcomeColumn("NOBS", "Number of Values Behind It", "integer", "Repeats with a value; on means visits."),
    OutcomeColumn("FLOORCNF", "Confidence of the Noise Floor", "text", "Least of the repeats."),
    OutcomeColumn("SETTID", "Settings, SHA-256", "text", "Of the resolved settings; joined by ';' where repeats"
                  " differ."),
    OutcomeColumn("EMGVER", "Version of emgpipe", "text", "Alike."),
    OutcomeColumn("RECORDID", "Recordings", "text", "Recordings behind the value, joined by ';'."),
    OutcomeColumn("SRCFILE", "Source Files", "text", "Their files, as in `inputs.csv`."),
    OutcomeColumn("SRCSHA", "Source Files, SHA-256", "text", "Of their bytes."),
    OutcomeColumn("POSTHOC", "Post-hoc Flag", "text", "`Y`: made with settings, a recording or a version that the lock"
                  " in force at the first unblinding does not have, or by another plan."),
)  # fmt: skip
"""Columns of the long form."""

WIDE_COLUMNS = (*_SUBJECT, *_VISIT, *_WHERE, _FLAG, _WHY, BDS_COLUMNS[-1])
"""First columns of the wide form; `{target}.{measure}` follow."""

VALUE_COLUMN = OutcomeColumn("{target}.{measure}", "", "number", "AVAL of the long form; empty where there is none. In"
                             " XPT by its PARAMCD (of measure and target), this name as its label.")  # fmt: skip

ARM_COLUMNS = (
    OutcomeColumn("TRTSEQP", "Planned Sequence of Treatments", "text", "Two letters; blank for who has none."),
    OutcomeColumn("TRTP", "Planned Treatment", "text", "Letter of the period; blank on rows of no period."),
)
"""Columns of `FILE_unblinded` alone."""


_KNOWN = {column.name: column for column in (*BDS_COLUMNS, *WIDE_COLUMNS, *ARM_COLUMNS)}


def columns_of(names: Iterable[str]) -> tuple[OutcomeColumn, ...]:
    """Columns of an outcome table by their names; any other name is a `{target}.{measure}`.

    Raises
    ------
    TableError
        PARAMETER_UNKNOWN, PARAMCD_TWICE.
    """
    names = list(names)
    values = {name: Parameter(name.rpartition(".")[2], name.rpartition(".")[0], "", "", "")
              for name in names if name not in _KNOWN}  # fmt: skip
    codes = codes_of(values.values())
    return tuple(
        VALUE_COLUMN._replace(name=name, label=name, short=codes[values[name]]) if name in values else _KNOWN[name]
        for name in names
    )
