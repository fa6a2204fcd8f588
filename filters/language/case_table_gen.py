#!/usr/bin/env python3
"""Writes case_table.inc from UnicodeData.txt (Debian's package unicode-data): case_table_gen.py FILE > case_table.inc

Rows {first, last, step, delta}: every step-th code point from first to last maps to itself plus delta. The mapping is
.NET's invariant one: Unicode's simple mappings without U+0130 and U+0131, whose case depends on the language.
"""
import sys


def rows(mapping):
    out = []
    for code in sorted(mapping):
        delta = mapping[code] - code
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            if code - last == step or (first == last and code - last <= 2):
                out[-1] = (first, code, code - last, delta)
                continue
        out.append((code, code, 1, delta))
    return out


def main():
    upper, lower = {}, {}
    for line in open(sys.argv[1], encoding="ascii"):
        fields = line.split(";")
        code = int(fields[0], 16)
        if code in (0x130, 0x131):
            continue
        if fields[12]:
            upper[code] = int(fields[12], 16)
        if fields[13]:
            lower[code] = int(fields[13], 16)
    print("// Written by case_table_gen.py from Unicode 15.0.0's UnicodeData.txt. Do not edit.")
    for name, mapping in (("kLower", lower), ("kUpper", upper)):
        print(f"constexpr CaseRow {name}[] = {{")
        line = "   "
        for first, last, step, delta in rows(mapping):
            cell = f" {{0x{first:X}, 0x{last:X}, {step}, {delta}}},"
            if len(line) + len(cell) > 100:
                print(line)
                line = "   "
            line += cell
        print(line + "\n};")


main()
