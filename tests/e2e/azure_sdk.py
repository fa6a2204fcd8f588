"""Azure's official Node SDK for tests: installed once a build folder by `npm ci`, from the lock file beside send.js."""
import fcntl
import hashlib
import json
import os
import pathlib
import select
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).parent / "azure-sdk"


# What npm says where its registry is out of reach, as opposed to packages that do not install.
OUT_OF_REACH = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "CERT")


class RegistryOutOfReach(Exception):
    pass


def install(build_folder):
    """The folder in which node finds the SDK. Raises RegistryOutOfReach where npm's registry cannot be reached."""
    target = pathlib.Path(build_folder) / "azure-sdk"
    target.mkdir(parents=True, exist_ok=True)
    lock_text = (SOURCE / "package-lock.json").read_bytes() + (SOURCE / "package.json").read_bytes()
    wanted = hashlib.sha256(lock_text).hexdigest()
    stamp = target / "installed"
    with open(target / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of one build folder may run side by side
        if not stamp.exists() or stamp.read_text() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCE / name, target / name)
            npm = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=target,
                                 capture_output=True, text=True, timeout=300)
            if npm.returncode != 0 and any(word in npm.stderr for word in OUT_OF_REACH):
                raise RegistryOutOfReach(f"npm's registry cannot be reached from here: {npm.stderr.splitlines()[0]}")
            if npm.returncode != 0:
                raise AssertionError(f"`npm ci` could not install Azure's SDK:\n{npm.stderr}")
            stamp.write_text(wanted)
    return target


def send(folder, **request):
    """Runs send.js; returns (exit code, its lines)."""
    node = subprocess.run(["node", str(SOURCE / "send.js")], input=json.dumps(request), capture_output=True, text=True,
                          timeout=60, env={**os.environ, "NODE_PATH": str(folder / "node_modules")})
    if node.returncode not in (0, 3):
        raise AssertionError(f"node ended with {node.returncode}: {node.stderr}")
    return node.returncode, [json.loads(line) for line in node.stdout.splitlines()]


def provision(folder, ca, **request):
    """Runs provision.js; returns (exit code, its result)."""
    node = subprocess.run(["node", str(SOURCE / "provision.js")], input=json.dumps(request), capture_output=True,
                          text=True, timeout=60, env={**os.environ, "NODE_PATH": str(folder / "node_modules"),
                                                      "NODE_EXTRA_CA_CERTS": str(ca)})
    if node.returncode not in (0, 3):
        raise AssertionError(f"node ended with {node.returncode}: {node.stderr}")
    return node.returncode, json.loads(node.stdout)


class Device:
    """device.js under way. A context manager: it is connected, its twin is read, and it listens."""

    PATIENCE_S = 60

    def __init__(self, folder, environment=None, **how):
        self.node = subprocess.Popen(
            ["node", str(SOURCE / "device.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(folder / "node_modules"), **(environment or {})})
        self._input = b""
        self.tell(how)

    def __enter__(self):
        try:
            assert self.hear() == {"open": True}
            self.desired = self.hear()["desired"]  # the SDK begins with all there is
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.node.poll() is None:
            self.node.kill()
        self.node.wait()
        self.node.stdin.close()
        self.node.stdout.close()

    def tell(self, command):
        self.node.stdin.write(json.dumps(command).encode() + b"\n")
        self.node.stdin.flush()

    def hear(self):
        """The next line of the device's, an object."""
        while b"\n" not in self._input:
            if not select.select([self.node.stdout], [], [], self.PATIENCE_S)[0]:
                raise AssertionError("the device says nothing")
            part = os.read(self.node.stdout.fileno(), 65536)
            if not part:
                raise AssertionError(f"the device has ended with {self.node.wait()}")
            self._input += part
        line, self._input = self._input.split(b"\n", 1)
        return json.loads(line)

    def ask(self, **command):
        self.tell(command)
        return self.hear()

    def close(self):
        """Ends it as it should end; returns its exit code."""
        self.tell({"do": "close"})
        return self.node.wait(self.PATIENCE_S)
