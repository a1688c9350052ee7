"""Templates: one environment, everything escaped, nothing undefined passed over."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from emgpipe.reports.words import CAVEATS, SEVERITY_MARKS, SEVERITY_WORDS, SIMULATED, STATE_WORDS, visible


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("emgpipe.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
    )


def _seen(value: Any) -> Any:
    """Write out hidden characters of any text before it is escaped."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def render(template: str, **values: Any) -> str:
    """Fill a template of this room; every value is shown as text."""
    page = _environment().get_template(template)
    words = {"caveats": CAVEATS, "simulated_words": SIMULATED, "state_words": STATE_WORDS}
    return page.render(**words, severity_words=SEVERITY_WORDS, severity_marks=SEVERITY_MARKS, **values)
