"""Plans: what the core knows of a layout, worked out once."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldkit.forms.form import Form
from fieldkit.records.layout import CLASSES, SUBJECT, Layout, instance_lists
from fieldkit.records.part import Cut, cuts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How writes of one layout are judged and cut into parts.

    Attributes:
        layout: the whole layout.
        is_known: whether the province has published its form.
        cuts: how each class takes its values.
        subject: place of ``_subject`` in the values, or None.
        area: place of the area register in the values, or None.
        is_plain: whether its values can be taken as they are: no repeats.
    """

    layout: Layout
    is_known: bool
    cuts: tuple[Cut, ...] = ()
    subject: int | None = None
    area: int | None = None
    is_plain: bool = False


def plan_for(layout: Layout, forms: Mapping[tuple[str, int], Form]) -> Plan:
    """Return the plan for a layout; one of an unknown form only waits."""
    form = forms.get((layout.form_id, layout.version))
    if form is None:
        return Plan(layout=layout, is_known=False)
    return Plan(
        layout=layout,
        is_known=True,
        cuts=cuts(layout, [_class_number(form, path) for path in layout.paths]),
        subject=_place(layout, SUBJECT),
        area=_place(layout, form.area_path),
        is_plain=not instance_lists(layout),
    )


def _class_number(form: Form, path: str) -> int | None:
    return None if path.endswith("[]") else CLASSES.index(form.class_of(path))


def _place(layout: Layout, path: str | None) -> int | None:
    return layout.paths.index(path) if path in layout.paths else None
