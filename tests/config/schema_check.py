"""Another reader's view of config/sluice.schema.json: it is a schema, takes the examples, and refuses what the loader
refuses. Exits 77 (skipped) where python3-jsonschema or python3-yaml is not installed."""
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

CONFIG = pathlib.Path(sys.argv[1])
COMPLETE = """
listeners: [{address: "127.0.0.1:8883", tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}}]
rules: {list: [{where: $body.t > 80}]}
outputs: {hub: {type: iothub, connection_string: x}}
"""
REFUSED = [
    "device: {}",
    "devices: {identity: CN}",
    "devices: {publish: {a: b}}",
    "gateway: {workers: 1000}",
    "gateway: {workers: two}",
    "gateway: {max_memory: 1MB}",
    "gateway: [1]",
    "spool: {max_bytes: 1MB}",
    "spool: {overflow: drop}",
    "operate: {http: localhost}",
    "rules: {list: [{drop: maybe}]}",
    "rules: {list: [{sample: five}]}",
    "rules: {list: [{dedup: 5}]}",
    "rules: {list: [{window: {every: 10s}}]}",
    "rules: {list: [{priority: 10}]}",
    "listeners: []\noutputs: {}",
    "listeners: [{address: ':1'}]",
    "outputs: {log: {type: file}}",
    "outputs: {log: {type: file, path: a, pack: none}}",
    "outputs: {local: {type: local}}",
    "outputs: {broker: {type: mqtt}}",
    "outputs: {broker: {type: mqtt, address: 'b:1', sas_lifetime: 1h}}",
    "outputs: {hub: {type: iothub, connection_string: x, pack: some}}",
    "outputs: {hub: {type: iothub, connection_string: x, sas_lifetime: 10}}",
]

schema = json.loads((CONFIG / "sluice.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
failed = 0
taken = {path.name: path.read_text() for path in (CONFIG / "examples").glob("*.yaml")}
taken["complete"] = COMPLETE
taken["rules alone"] = "rules: {list: [{from: a}]}"
for name, text in taken.items():
    for error in validator.iter_errors(yaml.safe_load(text)):
        print(f"{name}: {list(error.path)}: {error.message}")
        failed += 1
for text in REFUSED:
    if validator.is_valid({**yaml.safe_load(COMPLETE), **yaml.safe_load(text)}):
        print(f"taken, but should not be: {text}")
        failed += 1
if validator.is_valid({"gateway": {}, "rules": {}}):
    print("taken, but should not be: neither complete nor rules alone")
    failed += 1
print(f"{len(taken)} taken, {len(REFUSED) + 1} refused, {failed} failed")
sys.exit(1 if failed else 0)
