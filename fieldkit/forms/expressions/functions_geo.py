"""Functions of points, lines and shapes: "latitude longitude height accuracy; …"."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from fieldkit.forms.expressions.functions_text import texts_of
from fieldkit.forms.expressions.registry import function
from fieldkit.forms.expressions.values import NAN, Value

EARTH_RADIUS_M = 6_378_100.0


class Point(NamedTuple):
    """A place, in degrees."""

    latitude: float
    longitude: float


def _points(values: Sequence[Value]) -> list[Point] | None:
    """Return the points of all values, or none if one of them is no point."""
    points = []
    for text in texts_of(values):
        for part in text.strip().rstrip(";").split(";"):
            point = _point(part.split())
            if point is None:
                return None
            points.append(point)
    return points


def _point(words: list[str]) -> Point | None:
    if not 2 <= len(words) <= 4:  # noqa: PLR2004 - height and accuracy may follow
        return None
    try:
        point = Point(float(words[0]), float(words[1]))
    except ValueError:
        return None
    within = abs(point.latitude) <= 90 and abs(point.longitude) <= 180  # noqa: PLR2004
    return point if within else None


@function("area enclosed-area", "any", "number")
def area(shape: Value) -> float:
    """Return the square metres that a shape encloses."""
    points = _points((shape,))
    if points is None or len(points) < 2:  # noqa: PLR2004
        return NAN
    if len(points) < 3:  # noqa: PLR2004
        return 0.0
    ring = points if points[0] == points[-1] else [*points, points[0]]
    added = 0.0
    for start, end in pairwise(ring):
        added += math.radians(end.longitude - start.longitude) * (
            2
            + math.sin(math.radians(start.latitude))
            + math.sin(math.radians(end.latitude))
        )
    return round(abs(added * EARTH_RADIUS_M**2 / 2), 2)


@function("distance", "any any*", "number")
def distance(*values: Value) -> float:
    """Return the metres along a line, or from one point to the next."""
    points = _points(values)
    if points is None or len(points) < 2:  # noqa: PLR2004
        return NAN
    return round(sum(_metres(start, end) for start, end in pairwise(points)), 2)


def _metres(start: Point, end: Point) -> float:
    """Return the metres of a great circle (haversine: exact also for near points)."""
    north, other = math.radians(start.latitude), math.radians(end.latitude)
    rise = math.sin((other - north) / 2)
    turn = math.sin(math.radians(end.longitude - start.longitude) / 2)
    chord = rise * rise + math.cos(north) * math.cos(other) * turn * turn
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


@function("geofence", "any any", "boolean")
def geofence(place: Value, shape: Value) -> bool:
    """Tell whether a point lies within a shape."""
    inside, ring = _points((place,)), _points((shape,))
    if not inside or not ring:
        return False
    at, within = inside[0], False
    for start, end in pairwise([*ring, ring[0]]):
        if (start.latitude > at.latitude) != (end.latitude > at.latitude):
            share = (at.latitude - start.latitude) / (end.latitude - start.latitude)
            crossing = start.longitude + share * (end.longitude - start.longitude)
            within ^= at.longitude < crossing
    return within


@function("intersects", "any", "boolean")
def intersects(line: Value) -> bool:
    """Tell whether a line or shape crosses itself."""
    points = _points((line,)) or []
    points = [p for at, p in enumerate(points) if at == 0 or p != points[at - 1]]
    closed = len(points) > 1 and points[0] == points[-1]
    edges = list(enumerate(pairwise(points)))
    # From west to east: an edge needs comparing only until one begins east of it.
    edges.sort(key=lambda edge: min(edge[1][0].longitude, edge[1][1].longitude))
    for place, (at, edge) in enumerate(edges):
        east = max(edge[0].longitude, edge[1].longitude)
        for other_at, other in edges[place + 1 :]:
            if min(other[0].longitude, other[1].longitude) > east:
                break
            apart = abs(at - other_at)
            neighbours = apart == 1 or (closed and apart == len(edges) - 1)
            if not neighbours and _cross(edge, other):
                return True
    return False


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    return _between(other, one) and _between(one, other)


def _between(line: tuple[Point, Point], ends: tuple[Point, Point]) -> bool:
    """Tell whether two points lie on two sides of a line, or on it."""
    first, last = _side(line, ends[0]), _side(line, ends[1])
    return first * last <= 0 and not (first == 0 and last == 0)


def _side(line: tuple[Point, Point], at: Point) -> float:
    (south, west), (north, east) = line
    return (east - west) * (at.latitude - south) - (north - south) * (
        at.longitude - west
    )
