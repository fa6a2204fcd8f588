"""Client certificates that `sluice pki` would never make: expired, not yet valid, of another CA, with odd names."""

import subprocess
from pathlib import Path

CONFIG = """
[ca]
default_ca = ca
[ca]
new_certs_dir = {folder}
database = {folder}/index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = optional
"""


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def issue(ca_folder, out_folder, name, subject, start="20200101000000Z", end="20491231235959Z"):
    """Writes OUT/name.crt and OUT/name.key, signed by the CA in `ca_folder`, with `subject` as it is (/CN=…)."""
    out = Path(out_folder)
    out.mkdir(parents=True, exist_ok=True)
    config = out / f"{name}.cnf"
    config.write_text(CONFIG.format(folder=out))
    (out / "index.txt").write_text("")
    key, request, certificate = out / f"{name}.key", out / f"{name}.csr", out / f"{name}.crt"
    _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
             "-out", request, "-subj", subject, "-utf8")
    _openssl("ca", "-batch", "-notext", "-config", config, "-cert", f"{ca_folder}/ca.crt", "-keyfile",
             f"{ca_folder}/ca.key", "-in", request, "-out", certificate, "-startdate", start, "-enddate", end)
    return {"cert": certificate, "key": key}
