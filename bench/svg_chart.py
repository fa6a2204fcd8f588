"""Line and bar charts as SVG text. Colors are CSS; the page around it decides on light and dark."""

import html
import math
from dataclasses import dataclass


@dataclass
class Line:
    name: str
    color: str
    points: list  # of (x, y), both above 0


@dataclass
class Bar:
    name: str
    color: str
    value: float


def short(value):
    """A tick: 0.5, 10, 1k, 10k; 1024 is 1k, too."""
    if value >= 1000:
        return f"{value / (1024 if value % 1024 == 0 else 1000):g}k"
    return f"{value:g}"


def ticks(low, high):
    """The powers of ten from low to high, with their twos and fives where there are few of them."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 3 else (1,)
    return [v for d in decades for s in steps if low <= (v := s * 10.0**d) <= high * 1.0001]


def range_of(ys):
    """From the power of ten below all of them to a bit above."""
    return min(10 ** math.floor(math.log10(min(ys))), min(ys)), max(ys) * 1.15


def spread(wanted, least, top, bottom):
    """Places near `wanted` (in order), at least `least` apart, between top and bottom."""
    places = []
    for y in wanted:
        places.append(max(y, places[-1] + least) if places else max(y, top))
    overflow = places[-1] - bottom if places else 0
    if overflow > 0:
        places[-1] -= overflow
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - least)
    return places


def line_chart(lines, xs, x_name, y_name, width=980, height=400, marks=(), labels=True,
               y_range=None):
    """Both axes logarithmic; x has ticks at xs. `marks`: horizontal lines (y, what they are)."""
    left, right, top, bottom = 52, 120 if labels else 14, 26, 44
    ys = [y for line in lines for _, y in line.points] + [y for y, _ in marks]
    low, high = y_range or range_of(ys)

    def x_at(x):
        span = math.log(xs[-1] / xs[0]) or 1
        return left + (width - left - right) * math.log(x / xs[0]) / span

    def y_at(y):
        return height - bottom - (height - top - bottom) * math.log(y / low) / math.log(high / low)

    out = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{html.escape(y_name)} over {html.escape(x_name)}">']
    for tick in ticks(low, high):
        y = y_at(tick)
        out.append(f'<line class="axis" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                   f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for tick in xs:
        out.append(f'<text x="{x_at(tick):.1f}" y="{height - bottom + 20}" text-anchor="middle">{short(tick)}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 6}" text-anchor="middle">{html.escape(x_name)}</text>'
               f'<text x="{left - 40}" y="14">{html.escape(y_name)}</text>')
    for value, what in marks:
        y = y_at(value)
        out.append(f'<line class="mark" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                   f'<text class="mark" x="{left + 6}" y="{y - 6:.1f}">{html.escape(what)}</text>')
    for line in lines:
        path = " ".join(f"{'L' if i else 'M'}{x_at(x):.1f} {y_at(y):.1f}" for i, (x, y) in enumerate(line.points))
        out.append(f'<path d="{path}" style="stroke:{line.color}"/>')
        for x, y in line.points:
            out.append(f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3.4" style="fill:{line.color}">'
                       f"<title>{html.escape(line.name)}, {x:g} {html.escape(x_name)}: {y:.3g}</title></circle>")
    if labels:
        ordered = sorted(lines, key=lambda line: y_at(line.points[-1][1]))
        places = spread([y_at(line.points[-1][1]) for line in ordered], 17, top, height - bottom)
        for line, y in zip(ordered, places):
            out.append(f'<text class="name" x="{x_at(line.points[-1][0]) + 10:.1f}" y="{y + 4:.1f}" style="fill:{line.color}">'
                       f"{html.escape(line.name)}</text>")
    return "".join(out) + "</svg>"


def bar_chart(bars, text, width=980):
    """Lying bars from 0; `text` writes a value."""
    left, right, row, gap = 100, 130, 26, 10
    most = max(bar.value for bar in bars)
    height = len(bars) * (row + gap)
    out = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="bars">']
    for i, bar in enumerate(bars):
        y, length = i * (row + gap), max(2, (width - left - right) * bar.value / most)
        out.append(f'<text x="{left - 10}" y="{y + 18}" text-anchor="end">{html.escape(bar.name)}</text>'
                   f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{row}" rx="4" style="fill:{bar.color}"/>'
                   f'<text x="{left + length + 10:.1f}" y="{y + 18}">{html.escape(text(bar.value))}</text>')
    return "".join(out) + "</svg>"
