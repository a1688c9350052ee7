"""Templates: one environment, everything escaped, nothing undefined passed over."""

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

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


def policy(scripts: Iterable[str]) -> str:
    """Content security policy of a page: its own style and pictures, and exactly these inline scripts.

    Examples
    --------
    >>> policy([]).split("; ")[0]
    "default-src 'none'"
    >>> policy(["1"]).split("; ")[1]
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    hashes = [hashlib.sha256(script.encode("utf-8")).digest() for script in scripts]
    told = " ".join(f"'sha256-{base64.b64encode(one).decode('ascii')}'" for one in hashes)
    allowed = [f"script-src {told}"] if told else []
    others = ["style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    return "; ".join(["default-src 'none'", *allowed, *others])


def render(template: str, *, scripts: tuple[str, ...] = (), **values: Any) -> str:
    """Fill a template of this room; every value is shown as text, `scripts` alone are run."""
    page = _environment().get_template(template)
    words = {"caveats": CAVEATS, "simulated_words": SIMULATED, "state_words": STATE_WORDS}
    words |= {"policy": Markup(policy(scripts)), "scripts": [Markup(script) for script in scripts]}
    return page.render(**words, severity_words=SEVERITY_WORDS, severity_marks=SEVERITY_MARKS, **values)
