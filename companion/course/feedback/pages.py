"""The two pages, as the Jinja templates beside this file make them of plain data.

Bars differ by pattern as well as by shade, and each has its number in words beside it; without the
style sheet the pages are plain tables and lists.
"""

import functools
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from companion.course.report import clean

TEMPLATES = Path(__file__).with_name("templates")


def render(template: str, **data: Any) -> str:
    """The page. Everything is escaped; a name that the template misses is an error."""
    return _environment().get_template(template).render(**data)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        autoescape=True,  # of the style sheet too, which is why it has no quotes in it
        finalize=_visible,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: Any) -> Any:
    """Texts without control characters, which would hide or turn round what stands beside them."""
    is_text = isinstance(value, str) and not isinstance(value, markupsafe.Markup)
    return clean(value) if is_text else value
