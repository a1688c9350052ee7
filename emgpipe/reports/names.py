"""File names of pages."""


def visit_file_name(subject: str, visit: str) -> str:
    """File name of a visit page: unique, as identifiers hold no full stop.

    Examples
    --------
    >>> visit_file_name("S01", "V2")
    'visit.S01.V2.html'
    """
    return f"visit.{subject}.{visit}.html"


def patient_file_name(subject: str) -> str:
    """File name of the page of a subject over its visits.

    Examples
    --------
    >>> patient_file_name("S01")
    'patient.S01.html'
    """
    return f"patient.{subject}.html"
