"""Sections as one HTML page that needs nothing besides: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from magenta_bridge.evaluation.report.blocks import MAKER, Section


def render_page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Returns the page; every text is escaped.

    Args:
        title: Heading of the page.
        subtitle: One sentence under it.
        sections: What follows, in order.
    """
    environment = Environment(
        loader=PackageLoader("magenta_bridge.evaluation.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.j2")
    return page.render(maker=MAKER, title=title, subtitle=subtitle, sections=sections)
