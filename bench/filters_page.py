"""The page of bench/filters.py: one HTML file with SVG charts, nothing else to load."""

import html

import svg_chart

RULES = [1, 10, 100, 1000, 10000]
PERCENTS = [0, 1, 10, 100]
BYTES = [64, 200, 1024, 4096]
USUAL = {"percent": 1, "bytes": 200}

# In the order they are drawn; what one rule of each looks like.
KINDS = {
    "equality": "two strings equal literals",
    "range": "a number lies in a band",
    "mixed": "a string equals one of 50 literals, two numbers pass bounds",
    "regex": "an anchored expression matches a string",
    "or": "one of three alternatives",
    "not": "negated comparisons",
    "body-free": "topic and property, the body is not read",
}

STYLE = """
:root { color-scheme: light dark; --ground: #fcfcfb; --panel: #fff; --ink: #1b1f24; --soft: #5d6670; --line: #d9dde1;
  --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #b3477d; --s4: #8a6d00; --s5: #56718c; --s6: #6a3fb5; --mark: #c0392b; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --panel: #1b1f24; --ink: #e8eaec; --soft: #9aa4ae; --line: #343b43;
  --s0: #56b4e9; --s1: #ff8c42; --s2: #2fd0a0; --s3: #f08bbf; --s4: #e6c229; --s5: #a9bdd2; --s6: #b79cf5; --mark: #ff7b6b; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; } h2 { font-size: 20px; margin: 44px 0 12px; }
p { max-width: 72ch; } .soft { color: var(--soft); } code { font-size: .92em; overflow-wrap: anywhere; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px; }
figcaption { margin-top: 10px; max-width: 84ch; } .grid { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
.grid h3 { font-size: 15px; margin: 0; } .grid p { font-size: 13px; margin: 0 0 4px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 14px; margin: 0 0 12px; padding: 0; list-style: none; }
.key i { display: inline-block; width: 18px; height: 3px; border-radius: 2px; vertical-align: middle; margin-right: 6px; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font: 13px system-ui, "DejaVu Sans", sans-serif; }
svg text.name { font-weight: 600; } svg .axis { stroke: var(--line); stroke-width: 1; } svg .mark { stroke: var(--mark); stroke-dasharray: 5 4; }
svg text.mark { fill: var(--mark); stroke: none; } svg path { fill: none; stroke-width: 2.4; stroke-linejoin: round; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; }
th, td { padding: 3px 12px; text-align: right; border-bottom: 1px solid var(--line); } th:first-child, td:first-child { text-align: left; }
details { margin-top: 12px; } summary { cursor: pointer; }
"""


def number(value):
    """As a person writes it: 4.3, 37, 12 500."""
    if value < 10:
        return f"{value:.1f}"
    return f"{value:,.0f}".replace(",", " ")


class Points:
    """What was measured, by what it was measured of."""

    def __init__(self, result):
        self.context = result["context"]
        self.by_name = {}
        for row in result["benchmarks"]:
            if row.get("run_type") == "aggregate":
                continue
            kind, rules, matched, size = row["name"].split("/")[:4]
            key = (kind, int(rules.split(":")[1]), int(matched.split(":")[1]), int(size.split(":")[1]))
            self.by_name[key] = row

    def ratio(self, kind, rules, percent, size):
        row = self.by_name.get((kind, rules, percent, size))
        return row and row["ratio"]

    def over_rules(self, kind, percent=USUAL["percent"], size=USUAL["bytes"]):
        values = [(rules, self.ratio(kind, rules, percent, size)) for rules in RULES]
        return [(rules, value) for rules, value in values if value]

    def over_bytes(self, kind, rules, percent=USUAL["percent"]):
        values = [(size, self.ratio(kind, rules, percent, size)) for size in BYTES]
        return [(size, value) for size, value in values if value]


def color(index):
    return f"var(--s{index % 7})"


def key(names):
    return '<ul class="key">' + "".join(
        f'<li><i style="background:{color(i)}"></i>{html.escape(name)}</li>' for i, name in enumerate(names)) + "</ul>"


def figure(chart, caption, legend=""):
    return f"<figure>{legend}{chart}<figcaption>{caption}</figcaption></figure>"


def growth(points):
    """Each kind over the number of rules."""
    lines = [svg_chart.Line(kind, color(i), points.over_rules(kind)) for i, kind in enumerate(KINDS)]
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    grown = {line.name: line.points[-1][1] / line.points[0][1] for line in lines if len(line.points) > 1}
    caption = "One line a kind of rule; both axes are logarithmic, so that a flat line is a cost that does not grow."
    if grown:
        least, most = min(grown, key=grown.get), max(grown, key=grown.get)
        first, last = lines[0].points[0][0], lines[0].points[-1][0]
        caption += (f" With {number_of_rules(last)} instead of {first}, <b>{least}</b> costs {number(grown[least])} times as much,"
                    f" <b>{most}</b> {number(grown[most])} times.")
    chart = svg_chart.line_chart(lines, RULES, "rules", "JSON passes a message", height=440, marks=[(1, "one JSON pass")])
    return f"<h2>What more rules cost</h2>{figure(chart, caption)}"


def number_of_rules(rules):
    return f"{rules:,} rule{'s' if rules > 1 else ''}".replace(",", " ")


def selectivity(points):
    """A small chart a kind: does it matter how many messages match?"""
    panels, worst = [], (0, "", 0)
    y_range = svg_chart.range_of([value for kind in KINDS for p in PERCENTS for _, value in points.over_rules(kind, percent=p)] or [1])
    for kind, what in KINDS.items():
        lines = [svg_chart.Line(f"{p} %", color(i), points.over_rules(kind, percent=p)) for i, p in enumerate(PERCENTS)]
        lines = [line for line in lines if line.points]
        if not lines:
            continue
        for rules in RULES:
            none, all_ = (points.ratio(kind, rules, p, USUAL["bytes"]) for p in (0, 100))
            if none and all_:
                worst = max(worst, (all_ / none, kind, rules))
        chart = svg_chart.line_chart(lines, RULES, "rules", "passes", width=330, height=230, labels=False, y_range=y_range)
        panels.append(f"<div><h3>{kind}</h3><p class=soft>{what}</p>{chart}</div>")
    if not panels:
        return ""
    caption = "The same kinds, with none, 1 %, 10 % and all of the messages taken by one rule each."
    if worst[0]:
        caption += (f" A match must be written down (rule, output, properties): where that shows most, in <b>{worst[1]}</b> with"
                    f" {number_of_rules(worst[2])}, taking all messages costs {number(worst[0])} times what taking none does.")
    legend = key([f"{p} % of messages matched" for p in PERCENTS])
    return f"<h2>What matches cost</h2>{figure('<div class=grid>' + ''.join(panels) + '</div>', caption, legend)}"


def sizes(points):
    """The mixed kind over body sizes: reading is what grows."""
    lines = [svg_chart.Line(number_of_rules(rules), color(i), points.over_bytes("mixed", rules)) for i, rules in enumerate(RULES)]
    lines = [line for line in lines if line.points]
    if not lines:
        return ""
    caption = ("Rules of the mixed kind, 1 % matched. The JSON pass grows with the body, too, and stops at the structure; judging"
               " checks every byte of it, and what the rules cost beyond reading shows less the longer the body is.")
    first, last = lines[-1].points[0], lines[-1].points[-1]
    caption += f" With {lines[-1].name}: {number(first[1])} passes at {first[0]} bytes, {number(last[1])} at {last[0]}."
    chart = svg_chart.line_chart(lines, BYTES, "bytes of body", "JSON passes a message", height=360, marks=[(1, "one JSON pass")])
    return f"<h2>What longer bodies cost</h2>{figure(chart, caption)}"


def rates(points):
    """Messages a second of one thread."""
    bars = []
    for i, kind in enumerate(KINDS):
        row = points.by_name.get((kind, 1000, USUAL["percent"], USUAL["bytes"]))
        if row:
            bars.append(svg_chart.Bar(kind, color(i), 1e9 / row["ns_per_message"]))
    if not bars:
        return ""
    bars.sort(key=lambda bar: -bar.value)
    most, least = bars[0], bars[-1]
    caption = (f"What one core judges, 1 000 rules loaded, bodies of 200 bytes, 1 % matched: from {millions(least.value)} a second ({least.name})"
               f" to {millions(most.value)} ({most.name}). These are this machine's; the charts above are ratios and travel better.")
    return f"<h2>Messages a second</h2>{figure(svg_chart.bar_chart(bars, millions), caption)}"


def millions(value):
    return f"{value / 1e6:.2f} million" if value >= 1e5 else f"{value:,.0f}".replace(",", " ")


def table(points):
    rows = "".join(
        f"<tr><td>{kind}</td><td>{rules}</td><td>{percent} %</td><td>{size}</td><td>{row['ns_per_message']:.0f}</td>"
        f"<td>{row['json_pass_ns']:.0f}</td><td>{row['ratio']:.2f}</td></tr>"
        for (kind, rules, percent, size), row in points.by_name.items())
    head = "<tr><th>kind</th><th>rules</th><th>matched</th><th>bytes</th><th>ns a message</th><th>ns a JSON pass</th><th>ratio</th></tr>"
    return f"<details><summary>All {len(points.by_name)} points as a table</summary><div class=scroll><table>{head}{rows}</table></div></details>"


def page(result):
    points = Points(result)
    context = points.context
    about = (f"{context['num_cpus']} CPUs at {context['mhz_per_cpu']} MHz, load {context['load_avg'][0]:.1f} when it began, {context['date'][:16]}"
             if context.get("load_avg") else context["date"])
    passes = [row["json_pass_ns"] for (_, _, _, size), row in points.by_name.items() if size == USUAL["bytes"]]
    median = f" Here it took {number(sorted(passes)[len(passes) // 2])} ns of a 200-byte body." if passes else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>sluice: what judging costs</title><style>{STYLE}</style></head><body><main>
<h1>What judging a message costs</h1>
<p>Costs are given in <b>JSON passes</b>: how many times what simdjson's on-demand front end takes to step over the members of the
same body, measured in turn with the judging of it.{median} A message is judged whole: topic, body (checked to its last byte), rules,
verdict. Unless a chart says otherwise, bodies have 200 bytes and 1 % of the messages are taken by a rule; each of the others fails
only the last test of one.</p>
<p class="soft">One run, one machine: {html.escape(about)}. Made by <code>./dev bench filters</code>; <code>bench/README.md</code> says how to read and
repeat it.</p>
{growth(points)}{selectivity(points)}{sizes(points)}{rates(points)}{table(points)}
</main></body></html>
"""
