#!/usr/bin/env python3
"""Checks what `kydai audit prove --out` kept, without Kỳ Đài: Python's own library and openssl.

    check-audit-proof.py proofs.json audit-key.pem

The key comes from `kydai audit key`, once, and is kept where the server cannot change it. Exit code 0: every entry is in
the log that its checkpoint speaks of, and the checkpoint is signed.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile


def sha256(data):
    return hashlib.sha256(data).digest()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def leaf_of(entry):
    """The bytes of an entry: these keys in this order, those of `detail` sorted."""
    head = compact({key: entry[key] for key in ("at", "actor", "action", "target")})
    detail = dict(sorted(entry["detail"].items(), key=lambda item: item[0].encode("utf-16-be")))
    return (head[:-1] + ',"detail":' + compact(detail) + "}").encode()


def root_of(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    node, first, last = sha256(b"\0" + leaf), index, size - 1
    for sibling in map(bytes.fromhex, path):
        if last == 0:
            return None
        if first & 1 or first == last:
            node = sha256(b"\1" + sibling + node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling)
        first, last = first >> 1, last >> 1
    return node.hex() if last == 0 else None


def signed(checkpoint, key):
    """Ed25519 over `kydai-audit-v1`, size, root and time, a line each."""
    text = "kydai-audit-v1\n{size}\n{root}\n{at}\n".format(**checkpoint)
    with tempfile.NamedTemporaryFile() as message, tempfile.NamedTemporaryFile() as signature:
        message.write(text.encode())
        signature.write(base64.b64decode(checkpoint["signature"]))
        message.flush()
        signature.flush()
        verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin"]
        done = subprocess.run([*verify, "-in", message.name, "-sigfile", signature.name], capture_output=True)
        return done.returncode == 0


def main(file, key):
    with open(file, encoding="utf-8") as opened:
        items = json.load(opened)["items"]
    good = len(items) > 0
    for item in items:
        entry, checkpoint = item["entry"], item["checkpoint"]
        root = root_of(leaf_of(entry), item["index"], checkpoint["size"], item["proof"])
        proven = root == checkpoint["root"] and signed(checkpoint, key)
        good = good and proven
        print("proven" if proven else "NOT PROVEN", item["index"], entry["action"], entry["target"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
